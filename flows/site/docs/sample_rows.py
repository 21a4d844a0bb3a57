"""Sample rows of a gold table, without personal columns."""

from shlex import quote
from typing import Any, NamedTuple

import polars as pl

from contracts.contract import Contract
from flows.site.formatting import DASH, statistic

ROWS = 5


class Sample(NamedTuple):
    """Some rows of a table as text."""

    columns: list[str]
    numbers: list[bool]
    """Whether each column is a number."""
    rows: list[list[str]]
    trace: str
    """The key of the first row as `keystone trace` reads it; empty if it cannot be shown."""


def sample_rows(rows: pl.LazyFrame, contract: type[Contract]) -> Sample:
    """Return the first rows by key, the same ones each time."""
    key = [*contract.spec().key]
    first = rows.bottom_k(ROWS, by=key).sort(key).collect(engine="streaming")
    # A table that was not refreshed since its contract changed may lack a column.
    shown = [
        name for name in contract.fields() if name not in contract.personal() and name in first
    ]
    return Sample(
        shown,
        [first.schema[name].is_numeric() for name in shown],
        [[_cell(value) for value in row] for row in first.select(shown).iter_rows()],
        _trace(first.select(key).head(1)) if {*key} <= {*shown} else "",
    )


def _trace(key: pl.DataFrame) -> str:
    """Return a key as words for a shell; empty without a row or with a missing value."""
    values = [(name, value) for row in key.iter_rows(named=True) for name, value in row.items()]
    is_given = all(value is not None for _, value in values)
    return " ".join(f"{name}={quote(str(value))}" for name, value in values) if is_given else ""


def _cell(value: Any) -> str:
    text = DASH if value is None else statistic(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 60
