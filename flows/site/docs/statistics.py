"""Statistics of a table's columns that never show a value about a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from contracts.contract import Contract


@dataclass(frozen=True)
class Statistics:
    """Statistics of one column. Shares are between 0 and 1."""

    null_share: float
    distinct: int
    minimum: Any = None
    """Of text, the length of the shortest value in characters; likewise the maximum."""
    mean: float | None = None
    """Of booleans, the share of true; None for keys."""
    maximum: Any = None
    value_shares: Mapping[str, float] = field(default_factory=dict)
    """The share of each value that occurs, most frequent first; only if the contract lists them."""


def column_statistics(rows: pl.LazyFrame, contract: type[Contract]) -> dict[str, Statistics]:
    """Return the statistics of a table's columns, computed in one pass.

    Columns with personal data are skipped. Of text, only lengths and the values that the contract
    lists are returned. An empty table has no statistics.
    """
    # A table that was not refreshed since its contract changed may lack a column.
    stored = rows.collect_schema()
    names = [
        name
        for name, dtype in contract.fields().items()
        if name not in contract.personal() and stored.get(name) == dtype
    ]
    columns = {name: pl.struct(_expressions(name, contract)) for name in names}
    (row,) = rows.select(_rows=pl.len(), **columns).collect(engine="streaming").rows(named=True)
    count = row.pop("_rows")
    return {
        name: _to_statistics(found, _allowed_values(name, contract), count)
        for name, found in row.items()
        if count
    }


def _expressions(name: str, contract: type[Contract]) -> list[pl.Expr]:
    column, dtype = pl.col(name), contract.fields()[name]
    expressions = {"nulls": column.null_count(), "distinct": column.drop_nulls().n_unique()}
    if dtype == pl.String:
        length = column.str.len_chars()
        expressions |= {"minimum": length.min(), "maximum": length.max()}
    elif dtype != pl.Boolean:
        expressions |= {"minimum": column.min(), "maximum": column.max()}
    if dtype == pl.Boolean or (dtype.is_numeric() and not _is_key(name, contract)):
        expressions["mean"] = column.mean()
    if allowed := _allowed_values(name, contract):
        expressions["counts"] = pl.concat_list((column == value).sum() for value in allowed)
    return [expression.alias(key) for key, expression in expressions.items()]


def _allowed_values(name: str, contract: type[Contract]) -> list[Any]:
    """Return the values that a column may have, if its contract lists them."""
    checks = contract.to_schema().columns[name].checks
    return [
        value for check in checks for value in (check.statistics or {}).get("allowed_values", ())
    ]


def _is_key(name: str, contract: type[Contract]) -> bool:
    return name.endswith("_key") or name in {*contract.spec().key, *contract.references()}


def _to_statistics(found: dict[str, Any], allowed: list[Any], rows: int) -> Statistics:
    counts = zip(allowed, found.pop("counts", ()), strict=True)
    occurring = sorted(((value, n) for value, n in counts if n), key=lambda pair: -pair[1])
    return Statistics(
        null_share=found.pop("nulls") / rows,
        value_shares={str(value): n / rows for value, n in occurring},
        **found,
    )
