"""Orders from purchase to delivery, and the customers who place them."""

from typing import NamedTuple

import numpy as np
import polars as pl

from flows.sample.geography import STATES
from flows.sample.random import (
    Bins,
    Ints,
    from_bins,
    generator,
    hashes,
    ids,
    random_flags,
    weighted_indices,
)
from flows.sample.zip_codes import rows_by_share

CREATED, APPROVED, SHIPPED, DELIVERED = range(4)


class _Status(NamedTuple):
    """An order status: its share per 10,000, and the last stage that its orders have reached."""

    name: str
    share: int
    stage: int


_STATUSES = (
    _Status("delivered", 9700, DELIVERED),
    _Status("shipped", 110, SHIPPED),
    _Status("unavailable", 60, APPROVED),
    _Status("invoiced", 30, APPROVED),
    _Status("processing", 30, APPROVED),
    _Status("approved", 5, APPROVED),
    _Status("created", 5, CREATED),
    _Status("canceled", 60, CREATED),
)
_STAGE_WHEN_CANCELED = (23, 65, 11, 1)

_FIRST_MONTH = "2016-09"
_MONTHS = (
    *(1, 32, 0, 1),
    *(80, 180, 270, 240, 370, 325, 405, 435, 430, 465, 755, 570),
    *(730, 675, 725, 695, 690, 620, 630, 650, 2, 1),
)
_BLACK_FRIDAY = (14, 23)  # month since the first one and day of the month, both from 0
_HOURS = (24, 12, 5, 3, 2, 2, 6, 13, 26, 48, 67, 66, 68, 65, 63, 64, 67, 61, 61, 60, 65, 60, 56, 40)
_HOUR = 3600
_DAY = 24 * _HOUR

_UNTIL_APPROVAL: Bins = (
    (25, 60, 720),
    (25, 720, 1200),
    (25, 1200, 15 * _HOUR),
    (15, 15 * _HOUR, 35 * _HOUR),
    (9, 35 * _HOUR, 90 * _HOUR),
    (1, 90 * _HOUR, 7 * _DAY),
)
_UNTIL_CARRIER: Bins = (
    (5, 0, 6 * _HOUR),
    (20, 6 * _HOUR, 21 * _HOUR),
    (25, 21 * _HOUR, 43 * _HOUR),
    (25, 43 * _HOUR, 86 * _HOUR),
    (15, 86 * _HOUR, 6 * _DAY),
    (9, 6 * _DAY, 16 * _DAY),
    (1, 16 * _DAY, 50 * _DAY),
)
# At least a day, so that the estimate of a late order (a midnight) can be after its purchase.
_UNTIL_DELIVERY: Bins = (
    (10, 1 * _DAY, 2 * _DAY),
    (15, 2 * _DAY, 4 * _DAY),
    (25, 4 * _DAY, 7 * _DAY),
    (25, 7 * _DAY, 12 * _DAY),
    (15, 12 * _DAY, 17 * _DAY),
    (9, 17 * _DAY, 36 * _DAY),
    (1, 36 * _DAY, 90 * _DAY),
)
_DAYS_LATE: Bins = ((50, 0, 4), (30, 5, 12), (18, 13, 35), (2, 36, 120))
_DAYS_EARLY: Bins = ((15, 1, 5), (40, 6, 11), (33, 12, 17), (10, 18, 25), (2, 26, 60))


def order_timelines(seed: int, chunk: int, first: int, size: int) -> pl.DataFrame:
    """Return one row per order with all its times, including those after its current stage.

    Times are seconds since 1970, and `person` is a number. Some purchases become two orders with
    the same times and the same review; `source` is the row of the first one.
    """
    rng = generator(seed, "orders", chunk)
    number = np.arange(first, first + size)
    person = np.where(random_flags(rng, size, 27), rng.integers(np.maximum(number, 1)), number)
    status = weighted_indices(rng, size, [status.share for status in _STATUSES])
    stage = np.array([status.stage for status in _STATUSES])[status]
    names = pl.Series([status.name for status in _STATUSES])
    canceled = names[status] == "canceled"
    late = random_flags(rng, size, 80)
    days_late = from_bins(rng, size, _DAYS_LATE)

    purchased = _purchased(rng, size)
    approved = purchased + from_bins(rng, size, _UNTIL_APPROVAL)
    handed_over = np.where(
        random_flags(rng, size, 10),
        rng.integers(purchased, approved),
        approved + from_bins(rng, size, _UNTIL_CARRIER),
    )
    delivered = (
        np.maximum(approved, handed_over)
        + from_bins(rng, size, _UNTIL_DELIVERY)
        + np.where(late, days_late * _DAY, 0)
    )
    estimated = _midnight(delivered) + _DAY * np.where(
        late, -days_late, from_bins(rng, size, _DAYS_EARLY)
    )
    row = np.arange(size)
    source = np.where((row % 2 == 1) & random_flags(rng, size, 8), row - 1, row)
    return pl.DataFrame(
        {
            "person": person,
            "status": names[status],
            "stage": np.where(canceled, weighted_indices(rng, size, _STAGE_WHEN_CANCELED), stage),
            "purchased": purchased,
            "approved": approved,
            "handed_over": handed_over,
            "delivered": delivered,
            "estimated": np.maximum(estimated, _midnight(purchased) + _DAY),
        }
    )[source].with_columns(
        order_id=ids(seed, "order", number),
        customer_id=ids(seed, "customer", number),
        source=pl.Series(source),
    )


def orders_file(timelines: pl.DataFrame) -> pl.DataFrame:
    """Return the orders file."""
    return timelines.select(
        "order_id",
        "customer_id",
        order_status="status",
        order_purchase_timestamp=pl.from_epoch("purchased"),
        order_approved_at=_reached(APPROVED, "approved"),
        order_delivered_carrier_date=_reached(SHIPPED, "handed_over"),
        order_delivered_customer_date=_reached(DELIVERED, "delivered"),
        order_estimated_delivery_date=pl.from_epoch("estimated"),
    )


def customers(seed: int, timelines: pl.DataFrame, zip_codes: pl.DataFrame) -> pl.DataFrame:
    """Return the customers file: one customer per order; all of a person have the same address."""
    person = timelines["person"].to_numpy()
    shares = [state.customers for state in STATES]
    home = zip_codes[rows_by_share(zip_codes, hashes(seed, "home of person", person), shares)]
    return pl.DataFrame(
        {
            "customer_id": timelines["customer_id"],
            "customer_unique_id": ids(seed, "person", person),
            "customer_zip_code_prefix": home["zip_code_prefix"],
            "customer_city": home["city"],
            "customer_state": home["state"],
        }
    )


def _purchased(rng: np.random.Generator, size: int) -> Ints:
    months = np.datetime64(_FIRST_MONTH) + np.arange(len(_MONTHS) + 1)
    starts = months.astype("datetime64[s]").astype(np.int64)
    month = weighted_indices(rng, size, _MONTHS)
    day = rng.integers(np.diff(starts)[month] // _DAY)
    peak_month, peak_day = _BLACK_FRIDAY
    day = np.where((month == peak_month) & random_flags(rng, size, 130), peak_day, day)
    hour = weighted_indices(rng, size, _HOURS)
    return starts[month] + day * _DAY + hour * _HOUR + rng.integers(_HOUR, size=size)


def _midnight(seconds: Ints) -> Ints:
    return seconds - seconds % _DAY


def _reached(stage: int, time: str) -> pl.Expr:
    return pl.when(pl.col("stage") >= stage).then(pl.from_epoch(time))
