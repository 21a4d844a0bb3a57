"""Tables as text: grids for a terminal, and results that print as one."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table

Side = Literal["left", "right"]

_WIDTH = 120


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
            console = Console(file=file, width=_WIDTH, markup=False, emoji=False, no_color=True)
            console.print(grid(self.columns, cells, self.justify))
        table = (line.rstrip() for line in file.getvalue().splitlines())
        return "\n".join([*filter(None, table), *map(escape_controls, self.lines)])

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


def grid(
    columns: Iterable[str],
    rows: Iterable[Iterable[str]],
    justify: Side | Sequence[Side] = "right",
) -> Table:
    """Return a table for the console; its first column is never wrapped.

    Args:
        columns: their names.
        rows: the cells of each row.
        justify: the side to which the columns after the first are aligned, or that of each.
    """
    first, *others = columns
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for column, side in zip(others, _sides(justify, len(others)), strict=True):
        table.add_column(column, justify=side, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


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
