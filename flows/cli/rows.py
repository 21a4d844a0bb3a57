"""Rows of a query as text: a table where it fits the terminal, else one record after the other.

Rich would measure and wrap every cell, which takes seconds for a thousand rows.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from flows.cli.output import escape_controls
from flows.config.fold import fold


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows on standard output; a file or a pipe is as wide as the table."""
    names = [_text(name) for name in columns]
    print("\n".join(_lines(names, [[_text(value) for value in row] for row in rows])))


def _lines(names: list[str], cells: list[list[str]]) -> Iterator[str]:
    width = _terminal_width()
    widths = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    if width is not None and sum(widths) + _GAP * len(widths) > width:
        yield from _records(names, cells, width) if cells else [fold(", ".join(names), width)]
        return
    yield ""
    yield _line(names, widths)
    yield f" {_rule() * (sum(widths) + _GAP * (len(widths) - 1))}"
    for row in cells:
        yield _line(row, widths)
    yield ""


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line; its first cell is on the left, the others are on the right."""
    first, *others = (
        " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    parts = [f"{cells[0]}{first}", *map("".join, zip(others, cells[1:], strict=True))]
    return f" {(' ' * _GAP).join(parts)}".rstrip()


def _records(names: list[str], cells: list[list[str]], width: int) -> Iterator[str]:
    longest = max(map(cell_len, names))
    for number, row in enumerate(cells, 1):
        title = f"{_rule() * 2} {number:,} "
        yield title + _rule() * (width - cell_len(title))
        for name, value in zip(names, row, strict=True):
            yield f"{' ' * (longest - cell_len(name))}{name}  {value}".rstrip()


_GAP = 2


def _terminal_width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _rule() -> str:
    return "─" if "utf" in (sys.stdout.encoding or "").lower() else "-"


def _text(value: object) -> str:
    # Six decimals of a ratio are enough, unless all of them are zero.
    rounded = (round(value, 6) or value) if isinstance(value, float) else value
    return "" if value is None else escape_controls(str(rounded)).replace("\n", "\\n")
