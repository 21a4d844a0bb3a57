"""The trace of a row: the row, the tree of what it was computed from, and what that proves."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from flows.config.grid import Listing, Printed
from flows.config.plural import pluralize
from flows.trace.model import Key, Record, Rows
from flows.trace.text import key_text, tree_lines, values_text


@dataclass(frozen=True, repr=False)
class Trace(Printed):
    """A row, and what it was computed from; prints as a tree."""

    table: str
    key: Key
    column: str | None
    """The only column that was followed, if one was named."""
    values: Key
    """The row."""
    rows: Rows
    """The root of the tree: the row itself."""
    differing: tuple[str, ...]
    """The columns whose values differ if they are computed again from this trace alone."""

    @property
    def records(self) -> set[Record]:
        """All records in the tree."""
        return {record for rows in self.rows.tree() for row in rows.rows for record in row.records}

    @property
    def is_complete(self) -> bool:
        """Whether every branch of the tree ends with records."""
        return all(rows.is_followed for rows in self.rows.tree())

    def listing(self) -> Listing:
        """Return the lines of the tree."""
        return Listing((), (), [*trace_lines(self)])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def trace_lines(trace: Trace) -> Iterator[str]:
    """Yield the lines of a trace: the row, the tree of its inputs, and what they prove."""
    yield f"{trace.table} {key_text(trace.key)}, version {trace.rows.version}"
    if values := {name: value for name, value in trace.values.items() if name not in trace.key}:
        yield f"  {values_text(values)}"
    yield from tree_lines(trace.rows)
    yield from _summary(trace)


def _summary(trace: Trace) -> Iterator[str]:
    records = trace.records
    known = [record.is_decisive for record in records if record.is_decisive is not None]
    tested = f", {sum(known)} of them decisive" if known else ""
    left = [rows.count for rows in trace.rows.tree() if not rows.is_followed]
    more = f"; `--rows {max(left)}` follows the other rows to their records" if left else ""
    yield f"{pluralize(len(records), 'record')}{tested}{more}"
    what = f"column {trace.column}" if trace.column else "row"
    if trace.differing:
        columns = ", ".join(trace.differing)
        yield f"columns that also depend on rows outside this trace: {columns}"
    elif trace.is_complete:
        yield f"computed again from these records alone, the {what} is the same"
    else:
        yield f"computed again from these records and counted rows, the {what} is the same"
