"""Tables as text: grids for a terminal, and results that print as one."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from itertools import compress
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Listing:
    """A table with lines below it, which prints as the command line prints it."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    lines: Sequence[str] = ()
    justify: Side | Sequence[Side] = "right"
    """The side to which the columns after the first are aligned, or that of each."""

    def __str__(self) -> str:
        """Return the table and its lines as plain text."""
        file = StringIO()
        if self.rows:
            cells = ([escape_controls(cell) for cell in row] for row in self.rows)
            console = Console(file=file, markup=False, emoji=False, no_color=True)
            print_grid(console, self.columns, [*cells], self.justify)
        return "\n".join(
            [*filter(None, file.getvalue().splitlines()), *map(escape_controls, self.lines)]
        )

    def html(self) -> str:
        """Return the table and its lines as HTML, for a notebook."""
        lines = "".join(f"<div>{_html(line)}</div>" for line in self.lines)
        if not self.rows:
            return lines
        head, *body = (self._html_row(tag, row) for tag, row in self._tagged_rows())
        return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>{lines}"

    def _tagged_rows(self) -> Iterator[tuple[str, Sequence[str]]]:
        yield "th", self.columns
        for row in self.rows:
            yield "td", row

    def _html_row(self, tag: str, cells: Sequence[str]) -> str:
        sides = ["left", *_sides(self.justify, len(cells) - 1)]
        marked = (
            f'<{tag} style="text-align:{side}">{_html(cell)}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(marked)}</tr>"


class Printed:
    """Base of results that print as a listing, as text and in notebooks."""

    def listing(self) -> Listing:
        """Return what to print."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return str(self.listing())

    def _repr_html_(self) -> str:
        return self.listing().html()


def print_grid(
    console: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    justify: Side | Sequence[Side] = "right",
    *,
    optional: Sequence[str] = (),
) -> None:
    """Print a table whose names and numbers are never broken over two lines.

    A file is as wide as its rows. On a terminal that is too narrow, texts on the left are folded
    between words, then optional columns are left out, and at last the longest names are broken.

    Args:
        console: where to print.
        columns: their names.
        rows: the cells of each row.
        justify: the side to which the columns after the first are aligned, or that of each.
        optional: the columns to leave out, the least important one first.
    """
    rows = [*rows]
    sides: list[Side] = ["left", *_sides(justify, len(columns) - 1)]
    room = console.width if console.is_terminal else _ANY
    for count in range(len(optional) + 1):
        shown = [column not in optional[:count] for column in columns]
        cells = [[*compress(row, shown)] for row in rows]
        table = _grid([*compress(columns, shown)], compress(sides, shown), cells)
        spare = room - _width(console, table)
        if spare >= 0:
            break
    _fit(table, spare)
    table.width = _width(console, table)
    if console.is_terminal:
        console.print(table, crop=False)
    else:
        with console.capture() as drawn:
            console.print(table, crop=False)
        for line in drawn.get().splitlines():
            console.out(line.rstrip(), highlight=False)
    if not all(shown):
        names = ", ".join(column for column in columns if column in optional[:count])
        console.print(f"Not shown, because the terminal has only {console.width} columns: {names}")


_ANY = 100_000
"""A width that no table needs."""
_UNFOLDED = 20
"""The width up to which a text is not folded, such as a time."""


def _grid(columns: Sequence[str], sides: Iterable[Side], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table as narrow as it can be.

    Only texts on the left may be folded, but not the first column.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, (column, side) in enumerate(zip(columns, sides, strict=True)):
        if number == 0 or side == "right":
            table.add_column(column.replace(" ", "\n"), justify=side, no_wrap=True)
        else:
            texts = [column, *(row[number] for row in rows)]
            longest = max(cell_len(line) for text in texts for line in text.split("\n"))
            word = max((cell_len(word) for text in texts for word in text.split()), default=0)
            least = max(word, min(longest, _UNFOLDED))
            table.add_column(column, width=least, max_width=longest, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _width(console: Console, table: Table) -> int:
    return Measurement.get(console, console.options.update(max_width=_ANY), table).maximum


def _fit(table: Table, spare: int) -> None:
    """Widen the columns that are folded, first the one that lacks the least, or narrow the widest.

    A column that is narrower than a name breaks that name. Otherwise the terminal breaks every row.
    """
    widths = {number: each.width for number, each in enumerate(table.columns) if each.width}
    if spare < 0 and widths:
        width, number = max((width, number) for number, width in widths.items())
        table.columns[number].width = min(width, max(width + spare, _UNFOLDED))
        return
    lacking = {n: (table.columns[n].max_width or 0) - width for n, width in widths.items()}
    for number, lacks in sorted(lacking.items(), key=lambda each: each[1]):
        more = min(lacks, spare)
        table.columns[number].width = widths[number] + more
        spare -= more


def titled(lines: Mapping[str, Sequence[str]]) -> list[str]:
    """Return lines under their titles, indented; a title without lines is left out."""
    return [
        text
        for title, below in lines.items()
        for text in (f"{title}:", *(f"  {line}" for line in below))
        if below
    ]


def format_cell(value: object) -> str:
    """Return a value as text for a cell of a grid."""
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def escape_controls(text: str) -> str:
    """Return a text with its control characters escaped, except line breaks.

    File names and records may hold sequences that colour or clear a terminal, move the cursor, or
    reverse the direction of text.
    """
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _html(text: str) -> str:
    return escape(escape_controls(text))


def _sides(justify: Side | Sequence[Side], count: int) -> Sequence[Side]:
    return [justify] * count if isinstance(justify, str) else justify
