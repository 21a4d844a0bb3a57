"""Values of single columns, by type and checks, with the edge cases that real data has."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pandera.polars as pa
import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts.domain import AMOUNT_DIGITS, REAIS

Values = st.SearchStrategy[Any]

at = datetime.fromisoformat

TEXTS = (
    *(
        "",
        " ",
        "a",
        "são joão d'água",
        "SÃO PAULO",
        "a\u0303",
        "\u0131",
        "ß",
        "日本",
        "🛒",
        "\u202e",
        "\ufeff",
    ),
    *("two\nlines", "two\r\nlines", "tab\t", '"', "a,b;c", "\\N", "NULL", "nan", "0", "-1", "1e9"),
    "á" * 10_000,
)
INTEGERS = (0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
FLOATS = (0.0, -0.0, 0.1, -1.0, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308)
MOMENTS = (
    at("2016-02-29 23:59:59"),
    at("2017-10-15 00:00:00"),  # a midnight that the clocks of São Paulo skipped
    at("2018-02-17 23:30:00"),  # an hour that they showed twice
    at("2017-12-31 23:59:59.999999"),
    at("2020-02-29"),
    at("1970-01-01"),
    at("2200-01-01"),  # far in the future, but no sentinel date
    at("0001-01-01"),
    at("9999-12-31 23:59:59"),
)


def values(declared: pa.Column) -> Values:
    """Return values that have a column's type and keep its checks, without null.

    Only checks of patterns, sets and bounds count; `valid` enforces all others.
    """
    dtype = declared.dtype.type
    if dtype.base_type() not in _KNOWN:
        message = f"{declared.name}: there is no strategy for a column of {dtype}"
        raise TypeError(message)
    asked = {str(check.name): check.statistics or {} for check in declared.checks}
    if "isin" in asked:
        return st.sampled_from(list(asked["isin"]["allowed_values"]))
    if pattern := _pattern(asked):
        texts = matching(pattern)
        # A few texts come often, so that rows repeat values.
        return st.sampled_from(texts[:3]) | st.sampled_from(texts)
    if dtype == pl.String:
        length = asked.get("str_length", {})
        return _texts(length.get("min_value") or 0, length.get("max_value"))
    return _plain(dtype, *_bounds(asked))


_KNOWN = (pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Decimal, pl.Datetime, pl.Date)


@cache
def matching(pattern: str) -> list[str]:
    """Return a few dozen texts that match a pattern, the simplest first, and always the same.

    Drawing every text letter by letter would take most of the time of a test.
    """
    # Hypothesis refuses nested tests; a thread of its own avoids the check.
    with ThreadPoolExecutor(1) as executor:
        found = executor.submit(_drawn, pattern).result()
    return sorted(found, key=lambda text: (len(text), text))


def edge_cases(dtype: pl.DataType) -> tuple[Any, ...]:
    """Return values of a type that often cause errors."""
    if isinstance(dtype, pl.Decimal):
        most = largest(dtype)
        cent = Decimal(1).scaleb(-dtype.scale)
        one = [Decimal(1)] if most >= 1 else []
        return (Decimal(0), cent, -cent, *one, most, -most)
    found: dict[type[pl.DataType], tuple[Any, ...]] = {
        pl.String: TEXTS,
        pl.Int64: INTEGERS,
        pl.Float64: FLOATS,
        pl.Boolean: (False, True),
        pl.Datetime: MOMENTS,
        pl.Date: tuple(moment.date() for moment in MOMENTS),
    }
    return found[dtype.base_type()]


def largest(dtype: pl.Decimal) -> Decimal:
    """Return the largest number of a type; for money, one that leaves room for sums."""
    digits = AMOUNT_DIGITS if dtype == REAIS else dtype.precision - dtype.scale
    return Decimal(10 ** (digits + dtype.scale) - 1).scaleb(-dtype.scale)


def _pattern(asked: dict[str, dict[str, Any]]) -> Any:
    """Return the pattern that a column's texts must match, if there is one."""
    match asked:
        case {"str_matches": {"pattern": pattern}} | {"str_contains": {"pattern": pattern}}:
            return pattern
        case {"str_startswith": {"string": start}}:
            return f"^{re.escape(start)}.*"
        case {"str_endswith": {"string": end}}:
            return re.escape(end)
    return None


def _drawn(pattern: str) -> set[str]:
    found = set()

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=40,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    # In Python, `$` also matches before a final line break.
    @given(st.from_regex(re.sub(r"(?<!\\)\$$", "", pattern) + r"\Z"))
    def collect(text: str) -> None:
        found.add(text)

    collect()
    return found


def _bounds(asked: dict[str, dict[str, Any]]) -> tuple[Any, Any]:
    statistics = asked.values()
    least = [given["min_value"] for given in statistics if "min_value" in given]
    most = [given["max_value"] for given in statistics if "max_value" in given]
    most += [_PAST for given in statistics if "ahead" in given]
    return max(least, default=None), min(most, default=None)


# A fixed time in the past: draws must not depend on the time of the test.
_PAST = at("2025-01-01")


def _texts(least: int, most: int | None) -> Values:
    """Return common texts and edge cases whose length in characters is between two bounds."""
    known = [text for text in TEXTS if least <= len(text) <= (most or len(text))]
    usual = st.text(min_size=least, max_size=max(20, least) if most is None else most)
    return usual | st.sampled_from(known) if known else usual


def _plain(dtype: pl.DataType, least: Any, most: Any) -> Values:
    """Return common values, small ones more often, and edge cases, between two bounds."""

    def within(value: Any) -> bool:
        return (least is None or value >= least) and (most is None or value <= most)

    known = [value for value in edge_cases(dtype) if within(value)]
    return _usual(dtype, least, most) | (st.sampled_from(known) if known else st.nothing())


def _usual(dtype: pl.DataType, least: Any, most: Any) -> Values:
    if isinstance(dtype, pl.Decimal):
        top = largest(dtype)
        return st.decimals(
            -top if least is None else least, top if most is None else most, places=dtype.scale
        )
    if isinstance(dtype, pl.Datetime):
        first, last = least or MOMENTS[-2], most or MOMENTS[-1]
        usual = max(first, at("2010-01-01")), min(last, at("2030-01-01"))
        recent = st.datetimes(*usual) if usual[0] <= usual[1] else st.nothing()
        return recent | st.datetimes(first, last)
    found = {
        pl.Int64: st.integers(
            -(2**63) if least is None else least, 2**63 - 1 if most is None else most
        ),
        pl.Float64: st.floats(least, most, allow_nan=False, allow_infinity=False),
        pl.Date: st.dates(least or date.min, most or date.max),
        pl.Boolean: st.booleans(),
    }
    return found[dtype.base_type()]
