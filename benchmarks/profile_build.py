"""Profile our build: `python -m benchmarks.profile_build SOURCE LAKE`.

The tables are built one after the other, without Prefect. A thread samples the working thread every
few milliseconds. It adds the time to our innermost function and to the function that it called.
Unlike cProfile, it has no overhead and covers what Polars and Delta do outside Python.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter, sleep
from types import FrameType

from rich.console import Console
from rich.table import Table

from benchmarks.without_prefect import build

INTERVAL = 0.004
SHOWN = 0.005
"""The smallest share of the total time that is shown."""

Activity = tuple[str, str]
"""A table, and the activity: `delta.append → write_deltalake`."""


def profile(source: str, lake: str) -> dict[Activity, float]:
    """Build a lake; return the seconds spent by table and activity."""
    spent: dict[Activity, float] = defaultdict(float)
    done = threading.Event()
    observer = threading.Thread(target=_observe, args=(spent, done))
    observer.start()
    try:
        build(source, lake, workers=1)
    finally:
        done.set()
        observer.join()
    return spent


def _observe(spent: dict[Activity, float], done: threading.Event) -> None:
    then = perf_counter()
    while not done.is_set():
        sleep(INTERVAL)
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        now = perf_counter()
        for ident, frame in sys._current_frames().items():  # noqa: SLF001 - a documented function of Python, despite its name
            if names.get(ident, "").startswith(("bronze.", "silver.", "gold.")):
                spent[names[ident], _activity(frame)] += now - then
        then = now


def _activity(frame: FrameType) -> str:
    called, ours = frame.f_code.co_name, _ours(frame)
    return called if ours == called else f"{ours} → {called}"


def _ours(frame: FrameType) -> str:
    inner: FrameType | None = frame
    while inner and not inner.f_code.co_filename.startswith(_ROOTS):
        inner = inner.f_back
    return f"{Path(inner.f_code.co_filename).stem}.{inner.f_code.co_name}" if inner else "waiting"


_ROOTS = tuple(
    str(Path(__file__).parents[1] / package) for package in ("contracts", "transforms", "flows")
)


def _table(title: str, spent: Iterable[tuple[str, float]]) -> Table:
    totals: dict[str, float] = defaultdict(float)
    for name, seconds in spent:
        totals[name] += seconds
    total = sum(totals.values())
    grid = Table(title=f"{title} ({total:.1f} s)")
    for column in ("", "s", "%"):
        grid.add_column(column, justify="right" if column else "left")
    for name, seconds in sorted(totals.items(), key=lambda row: -row[1]):
        if seconds > SHOWN * total:
            grid.add_row(name, f"{seconds:.2f}", f"{seconds / total:.0%}")
    return grid


def main() -> None:
    """Print the profile by table and by activity."""
    spent = profile(*sys.argv[1:3])
    console = Console(width=100)
    console.print(_table("By table", ((name, s) for (name, _), s in spent.items())))
    console.print(_table("By activity", ((activity, s) for (_, activity), s in spent.items())))


if __name__ == "__main__":
    main()
