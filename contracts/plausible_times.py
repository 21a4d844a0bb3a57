"""Checks of every timestamp in silver: it is neither a sentinel nor out of range."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from contracts.domain import SHOP_OPENED, now

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the clock of a source may be ahead of ours."""

PLANNING_HORIZON = timedelta(days=730)
"""How far in the future a planned time may be, such as an estimated delivery."""

SENTINEL_DATES = (
    *(date(1, 1, 1), date(1753, 1, 1), date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1)),
    *(date(1969, 12, 31), date(1970, 1, 1)),
    *(date(2099, 12, 31), date(2999, 12, 31), date(9999, 12, 31)),
)
"""Dates that systems write for "unknown": the ends of their calendars and their epochs."""


def plausible_time_checks(ahead: timedelta) -> list[pa.Check]:
    """Return the checks of a timestamp. A time that is not plausible breaks exactly one of them.

    Args:
        ahead: how far in the future the time may be.
    """
    return [
        _check("is_not_a_sentinel_date", lambda time: ~_is_sentinel(time), dates=SENTINEL_DATES),
        _check(
            "is_a_plausible_time",
            lambda time: time.is_between(SHOP_OPENED, now() + ahead) | _is_sentinel(time),
            min_value=SHOP_OPENED,
            ahead=f"{ahead.days} days" if ahead.days else f"{ahead.seconds // 60} minutes",
        ),
    ]


def _is_sentinel(time: pl.Expr) -> pl.Expr:
    return time.dt.date().is_in(SENTINEL_DATES)


def _check(name: str, holds: Callable[[pl.Expr], pl.Expr], **statistics: Any) -> pa.Check:
    def check(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(holds(pl.col(data.key)))

    return pa.Check(check, name=name, statistics=statistics)
