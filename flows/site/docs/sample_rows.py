"""Sample rows of a gold table, without personal columns."""

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
    )


def _cell(value: Any) -> str:
    text = DASH if value is None else statistic(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 60
