"""The checks of columns as SQL, in the dialect of DuckDB. Athena and Postgres read most of it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import pandera.polars as pa

from contracts.contract import Contract
from contracts.plausible_times import SENTINEL_DATES

ZONE = "America/Sao_Paulo"
"""The zone of all timestamps; their type has none."""


def condition(check: pa.Check, column: str) -> str | None:
    """Return what a check asks of a column as an SQL expression; None if there is none.

    It is null for a null, which breaks no check.
    """
    given = check.statistics or {}
    match check.name:
        case "in_range":
            lower = ">=" if given["include_min"] else ">"
            upper = "<=" if given["include_max"] else "<"
            low, high = _literal(given["min_value"]), _literal(given["max_value"])
            return f"{column} {lower} {low} AND {column} {upper} {high}"
        case "is_not_a_sentinel_date":
            return f"NOT ({_is_one_of(given['dates'], column)})"
        case "is_a_plausible_time":
            number, unit = given["ahead"].split()
            now = f"(CURRENT_TIMESTAMP AT TIME ZONE '{ZONE}')"
            latest = f"{now} + INTERVAL '{number}' {unit.rstrip('s').upper()}"
            plausible = f"{column} BETWEEN {_literal(given['min_value'])} AND {latest}"
            return f"{plausible} OR {_is_one_of(SENTINEL_DATES, column)}"
        case name if name in _COMPARISONS:
            operator, parameter = _COMPARISONS[name]
            return f"{column} {operator} {_literal(given[parameter])}"
    return None


def is_in(parent: type[Contract], column: str) -> str:
    """Return the condition that a column's value is a key of another table."""
    spec = parent.spec()
    return f"{column} IN (SELECT {spec.key[0]} FROM {spec.table})"  # noqa: S608 - contracts name them, not users


def violations(condition: str, table: str) -> str:
    """Return the query for the number of rows that break a condition."""
    return f"SELECT COUNT(*) FROM {table} WHERE NOT ({condition})"  # noqa: S608 - contracts name them, not users


_COMPARISONS = {
    "equal_to": ("=", "value"),
    "not_equal_to": ("<>", "value"),
    "greater_than_or_equal_to": (">=", "min_value"),
    "greater_than": (">", "min_value"),
    "less_than_or_equal_to": ("<=", "max_value"),
    "less_than": ("<", "max_value"),
}


def _is_one_of(dates: Iterable[date], column: str) -> str:
    return f"CAST({column} AS DATE) IN ({', '.join(map(_literal, dates))})"


def _literal(value: Any) -> str:
    match value:
        case datetime():
            return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
    return str(value)
