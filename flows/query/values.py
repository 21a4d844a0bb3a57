"""The values of a DuckDB result as Polars holds them."""

from collections.abc import Collection
from datetime import date

import duckdb
import polars as pl
from duckdb.sqltypes import DuckDBPyType


class QueryError(Exception):
    """A statement cannot be run; the message says in one line what is wrong, and where."""


_NUMBERS = {
    *("boolean", "tinyint", "smallint", "integer", "bigint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "float", "double", "decimal"),
}
_DATES_AND_TIMES = {"date", "timestamp", "timestamp with time zone"}
_NESTED = {"list", "array", "struct", "map"}

TEXT: Collection[str] = frozenset()
"""No types: each value becomes the text that DuckDB writes for it."""

CELLS: Collection[str] = frozenset({"float", "double"})
"""The types that a terminal shows rounded."""

JSON: Collection[str] = frozenset(_NUMBERS | _NESTED | {"hugeint"})
"""The types that JSON has."""

SHEET: Collection[str] = frozenset(_NUMBERS | _DATES_AND_TIMES)
"""The types of a spreadsheet cell."""

EXACT: Collection[str] = frozenset(_NUMBERS | _DATES_AND_TIMES | _NESTED | {"blob"})
"""The types that Polars and Python hold exactly."""


def fetch(
    result: duckdb.DuckDBPyRelation, limit: int | None, keep: Collection[str]
) -> pl.DataFrame:
    """Return the rows of a result; values of types that are not in `keep` become text.

    Raises:
        QueryError: a date or time is outside the years that Python has.
    """
    # By position: if two columns have the same name, DuckDB would take the first one twice.
    columns = (
        duckdb.SQLExpression(f"#{n}").cast(_result_type(kind, keep)).alias(name)
        for n, (name, kind) in enumerate(zip(result.columns, result.types, strict=True), 1)
    )
    chosen = result.project(*columns)
    rows = pl.DataFrame((chosen if limit is None else chosen.limit(limit)).pl())
    _check_dates(rows)
    return rows


def _result_type(kind: DuckDBPyType, keep: Collection[str]) -> str:
    """Return the type that values of a type are cast to."""
    if kind.id not in keep:
        # The sum of an integer column is a hugeint. Arrow holds at most 38 digits.
        return "DECIMAL(38, 0)" if kind.id == "hugeint" and "decimal" in keep else "VARCHAR"
    if kind.id not in _NESTED:
        return str(kind)
    # Dates are checked, and huge integers exact, only outside of nested values.
    inner = {*keep} - _DATES_AND_TIMES - {"hugeint"}
    parts = [(name, part) for name, part in kind.children if isinstance(part, DuckDBPyType)]
    if kind.id == "struct":
        fields = [f"{_quoted(name)} {_result_type(part, inner)}" for name, part in parts]
        return f"STRUCT({', '.join(fields)})"
    if kind.id == "map":
        (_, key), (_, value) = parts
        return f"MAP({_result_type(key, inner - _NESTED)}, {_result_type(value, inner)})"
    size = dict(kind.children).get("size", "")
    return f"{_result_type(parts[0][1], inner)}[{size}]"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _check_dates(rows: pl.DataFrame) -> None:
    """Refuse dates and times that Python does not have; Polars would return wrong ones."""
    days = {
        name: pl.col(name).to_physical() // (1 if kind == pl.Date else _MICROSECONDS_PER_DAY)
        for name, kind in rows.schema.items()
        if kind.is_temporal()
    }
    found = rows.select(
        (~each.is_between(_FIRST_DAY, _LAST_DAY)).any().alias(name) for name, each in days.items()
    )
    if wrong := [each.name for each in found if each.item()]:
        message = (
            f"{', '.join(wrong)}: a date or time is infinite or outside the years 1 to 9999; "
            f"select it as text: {wrong[0]}::VARCHAR"
        )
        raise QueryError(message)


_MICROSECONDS_PER_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = (date.min - _EPOCH).days, (date.max - _EPOCH).days
