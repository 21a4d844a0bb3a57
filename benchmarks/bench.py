"""Compare our build with its peers: `python -m benchmarks.bench --orders 100000 --rounds 3`.

Each build runs in a process of its own. All builds run once per round, and ratios are computed
within a round.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

import flows  # noqa: F401 - importing it sets environment variables that Prefect reads on import

CACHE = Path(".bench")
MIB = 1 << 20

STEPS = {
    "ours": "flows run --source {base} --lake {out}/lake",
    "nothing new": "flows refresh --lake {out}/lake",
    "+1 % orders": "flows run --source {increment} --lake {out}/lake",
    "our imports": "flows.lakehouse",
    "ours without Prefect": "benchmarks.without_prefect {base} {out}/plain",
    "DuckDB": "benchmarks.duckdb_build {base} {out}/duckdb",
    "pandas": "benchmarks.pandas_build {base} {out}/pandas",
    "bare Polars": "benchmarks.polars_floor {base} {out}/polars",
    "bare Polars + contracts": "benchmarks.polars_floor {base} {out}/polars --contracts",
}
"""The steps of a round, in order."""


def bench(orders: int, rounds: int) -> Path:
    """Run the rounds; write the measurements to `.bench/<orders>.json` and return the path.

    Each step has a list with one entry per round: `seconds` (wall time), `cpu` (seconds), `rss`
    (peak memory in MiB; at least that of this process, because children inherit it), and `load`
    (the load average when the step began).
    """
    base, increment = CACHE / f"{orders}", CACHE / f"{orders}+"
    if not increment.exists():  # in its own process, so that the steps do not inherit its memory
        _run(["benchmarks.landings", str(orders), str(base), str(increment)])
    out = CACHE / "out"
    measured: dict[str, dict[str, list[float]]] = {
        name: {"seconds": [], "cpu": [], "rss": [], "load": []} for name in STEPS
    }
    with _prefect_server():
        for _ in range(rounds):
            rmtree(out, ignore_errors=True)
            for name, step in STEPS.items():
                words = step.format(base=base, increment=increment, out=out).split()
                for metric, value in _run(words).items():
                    measured[name][metric].append(value)
    rmtree(out)
    result = CACHE / f"{orders}.json"
    result.write_text(json.dumps({"orders": orders, **_machine(), "steps": measured}, indent=2))
    return result


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description="Compare our build with its peers.")
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    result = bench(given.orders, given.rounds)
    console = Console(width=100)
    console.print(table(result))
    for metric in ("seconds", "cpu"):
        for part, (extra, share) in costs(result, metric).items():
            console.print(f"{part}, {metric}: {extra:.2f}, {share:.0%} of the build")


def table(result: Path) -> Table:
    """Return the measurements as a table; a ratio is the median of the ratios of the rounds."""
    run = json.loads(result.read_text())
    grid = Table(title=f"{run['orders']:,} orders, {run['cpus']} cores")
    for column in ("", "median s", "min", "max", "ours ÷ this", "CPU s", "peak MiB", "load"):
        grid.add_column(column, justify="right" if column else "left")
    ours = run["steps"]["ours"]["seconds"]
    for name, measured in run["steps"].items():
        seconds = measured["seconds"]
        ratio = median(our / their for our, their in zip(ours, seconds, strict=True))
        rss, load = f"{median(measured['rss']):,.0f}", f"{median(measured['load']):.1f}"
        cells = (median(seconds), min(seconds), max(seconds), ratio, median(measured["cpu"]))
        grid.add_row(name, *(f"{cell:.2f}" for cell in cells), rss, load)
    return grid


def costs(result: Path, metric: str) -> dict[str, tuple[float, float]]:
    """Return the cost of the contracts and of Prefect: (CPU) seconds and share of our build."""
    spent = {
        name: measured[metric] for name, measured in json.loads(result.read_text())["steps"].items()
    }
    pairs = {
        "contracts": ("bare Polars + contracts", "bare Polars"),
        "Prefect, with its imports": ("ours", "ours without Prefect"),
    }
    found = {}
    for part, (with_it, without) in pairs.items():
        extra = [a - b for a, b in zip(spent[with_it], spent[without], strict=True)]
        shares = [each / total for each, total in zip(extra, spent["ours"], strict=True)]
        found[part] = (median(extra), median(shares))
    return found


def _run(words: list[str]) -> dict[str, float]:
    load, started = os.getloadavg()[0], perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{' '.join(words)}: ended with {process.returncode}"
        raise RuntimeError(message)
    cpu, rss = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / MIB
    return {"seconds": seconds, "cpu": cpu, "rss": rss, "load": load}


@contextmanager
def _prefect_server() -> Iterator[None]:
    """Start a server before anything is timed; the processes find it by its URL."""
    os.environ["PREFECT_HOME"] = str((CACHE / "prefect").resolve())
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - Prefect reads PREFECT_HOME on import
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - as above

    with prefect_test_harness(server_startup_timeout=180):
        os.environ["PREFECT_API_URL"] = str(PREFECT_API_URL.value())
        yield


def _machine() -> dict[str, object]:
    packages = ("duckdb", "pandas", "polars", "deltalake", "prefect")
    return {"cpus": os.cpu_count(), "versions": {name: version(name) for name in packages}}


if __name__ == "__main__":
    main()
