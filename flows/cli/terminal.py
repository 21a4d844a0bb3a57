"""What commands print: grids on the terminal, and what became of a run."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from flows.outcome import Outcome, RunFailedError

# A file or a pipe has no width: give it one that shows a row on a line.
out = Console(width=None if sys.stdout.isatty() else 120, markup=False)
err = Console(stderr=True, markup=False)
# Many columns folded into the width of a terminal are slivers: their lines run on instead.
wide = Console(width=10_000, markup=False)


def report(doing: str, flow: Callable[[], Sequence[Outcome]]) -> None:
    """Run a flow and show which tables it changed, also when some of it failed."""
    try:
        _show(doing, flow(), {})
    except RunFailedError as failed:
        _show(doing, failed.outcomes, failed.undone)
        raise


def grid(
    columns: Iterable[str],
    rows: Iterable[Iterable[str]],
    justify: Literal["left", "right"] = "right",
) -> Table:
    """Return a table whose first column is never wrapped."""
    first, *others = columns
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for column in others:
        table.add_column(column, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def cell(value: object) -> str:
    """Return a value as a cell of a grid shows it."""
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _show(doing: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]) -> None:
    from flows.summary import COLUMNS, headline, lines, remarks

    changed = [outcome for outcome in outcomes if outcome.changed]
    if changed or undone:
        out.print(grid(COLUMNS, lines(changed, undone)))
    out.print(f"{doing}: {headline(outcomes, undone)}")
    for title, found in remarks(outcomes).items():
        if found:
            out.print(
                f"{title}:",
                *(Padding(line, (0, 0, 0, 2), expand=False) for line in found),
                sep="\n",
            )
