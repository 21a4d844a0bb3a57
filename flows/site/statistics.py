"""What the values of a table's columns are like, told without showing one of a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from contracts.contract import Contract


@dataclass(frozen=True)
class Statistics:
    """Figures of one column; shares are between 0 and 1."""

    empty: float
    """The share of nulls."""
    distinct: int
    """About how many values there are."""
    least: Any = None
    """Of texts, the length of the shortest, in characters."""
    mean: float | None = None
    """Of booleans, the share of true. Keys have none."""
    most: Any = None
    frequent: Mapping[str, float] = field(default_factory=dict)
    """The share of each value of a closed set, most frequent first, without those at zero."""


def statistics(rows: pl.LazyFrame, contract: type[Contract]) -> dict[str, Statistics]:
    """Look at a table's columns, in one pass; at none that holds personal data.

    Of texts only lengths and the values that the contract itself lists are told. An empty table
    has no statistics.
    """
    seen = [name for name in contract.fields() if name not in contract.personal()]
    asked = {name: pl.struct(**_asked(name, contract)) for name in seen}
    found = rows.select(pl.len().alias(_ROWS), **asked).collect(engine="streaming")
    (row,) = found.rows(named=True)
    count = row.pop(_ROWS)
    return {name: _statistics(figures, count) for name, figures in row.items()} if count else {}


_ROWS = "number of rows"


def _asked(name: str, contract: type[Contract]) -> dict[str, pl.Expr]:
    column, dtype = pl.col(name), contract.fields()[name]
    asked = {"empty": column.null_count(), "distinct": column.approx_n_unique()}
    if dtype == pl.String:
        length = column.str.len_chars()
        asked |= {"least": length.min(), "most": length.max()}
    elif dtype != pl.Boolean:
        asked |= {"least": column.min(), "most": column.max()}
    if dtype.is_numeric() and not _is_key(name, contract) or dtype == pl.Boolean:
        asked["mean"] = column.mean()
    return asked | {
        f"{_VALUE}{value}": (column == value).sum() for value in closed_set(name, contract)
    }


_VALUE = "value "


def closed_set(name: str, contract: type[Contract]) -> list[str]:
    """Return the values that a column may have, where its contract lists them."""
    checks = contract.to_schema().columns[name].checks
    return [str(v) for check in checks for v in check.statistics.get("allowed_values", ())]


def _is_key(name: str, contract: type[Contract]) -> bool:
    return name in {*contract.promise().key, *contract.references()}


def _statistics(figures: dict[str, Any], rows: int) -> Statistics:
    counts = {
        name.removeprefix(_VALUE): figures.pop(name)
        for name in list(figures)
        if name.startswith(_VALUE)
    }
    frequent = sorted(((n, value) for value, n in counts.items() if n), reverse=True)
    return Statistics(
        empty=figures.pop("empty") / rows,
        distinct=min(figures.pop("distinct"), rows),
        frequent={value: n / rows for n, value in frequent},
        **figures,
    )
