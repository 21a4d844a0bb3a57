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
    """How many values there are."""
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
    there = rows.collect_schema()  # a table that is behind its contract may lack a column
    seen = [
        name
        for name, dtype in contract.fields().items()
        if name not in contract.personal() and there.get(name) == dtype
    ]
    asked = {name: pl.struct(_asked(name, contract)) for name in seen}
    (row,) = rows.select(_rows=pl.len(), **asked).collect(engine="streaming").rows(named=True)
    count = row.pop("_rows")
    return {
        name: _told(figures, _closed_set(name, contract), count)
        for name, figures in row.items()
        if count
    }


def _asked(name: str, contract: type[Contract]) -> list[pl.Expr]:
    column, dtype = pl.col(name), contract.fields()[name]
    asked = {"empty": column.null_count(), "distinct": column.drop_nulls().n_unique()}
    if dtype == pl.String:
        length = column.str.len_chars()
        asked |= {"least": length.min(), "most": length.max()}
    elif dtype != pl.Boolean:
        asked |= {"least": column.min(), "most": column.max()}
    if dtype == pl.Boolean or (dtype.is_numeric() and not _is_key(name, contract)):
        asked["mean"] = column.mean()
    if known := _closed_set(name, contract):
        asked["counts"] = pl.concat_list((column == value).sum() for value in known)
    return [figure.alias(key) for key, figure in asked.items()]


def _closed_set(name: str, contract: type[Contract]) -> list[Any]:
    """Return the values that a column may have, where its contract lists them."""
    checks = contract.to_schema().columns[name].checks
    return [
        value for check in checks for value in (check.statistics or {}).get("allowed_values", ())
    ]


def _is_key(name: str, contract: type[Contract]) -> bool:
    return name in {*contract.spec().key, *contract.references()}


def _told(figures: dict[str, Any], known: list[Any], rows: int) -> Statistics:
    counts = zip(known, figures.pop("counts", ()), strict=True)
    frequent = sorted(((value, n) for value, n in counts if n), key=lambda pair: -pair[1])
    return Statistics(
        empty=figures.pop("empty") / rows,
        frequent={str(value): n / rows for value, n in frequent},
        **figures,
    )
