"""gold.fact_order_milestones."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl

from contracts.gold.fact_order_milestones import FactOrderMilestones
from contracts.silver.orders import Orders
from contracts.table_check import check_table
from transforms.gold.fact_order_milestones import TIMES, fact_order_milestones
from transforms.wall_clock import to_utc

PURCHASED = datetime.fromisoformat("2017-11-24 22:00:00")

Milestone = tuple[str, float, float | None, str | None]
"""Status, hours from the purchase until it is entered and left, hours in it."""


def after(hours: float) -> datetime:
    return PURCHASED + timedelta(hours=hours)


def milestones(
    times: Mapping[str, float], history: Mapping[str, float] | None = None
) -> list[Milestone]:
    """Compute the milestones of an order from its times and its history, in hours."""
    own = {TIMES[status]: after(hours) for status, hours in times.items()}
    orders = pl.LazyFrame([{"order_id": "o1", **own}], Orders.fields())
    versions = [
        {"order_id": order, "order_status": status, "valid_from": after(hours)}
        for order in ("o1", "o2")
        for status, hours in (history or {}).items()
    ]
    walls = {**Orders.history().fields(), "valid_from": pl.Datetime("us")}
    frame = pl.LazyFrame(versions, walls).with_columns(to_utc(pl.col("valid_from")))
    rows = fact_order_milestones(orders, frame).select(FactOrderMilestones.fields().names())
    made = rows.collect()
    check_table(made, FactOrderMilestones, {})
    assert {*made["order_id"]} == {"o1"}
    assert {*made["purchase_month"]} == {"2017-11"}
    hours = [
        (pl.col(name) - PURCHASED).dt.total_seconds() / 3600 for name in ("entered_at", "left_at")
    ]
    return made.select("order_status", *hours, pl.col("hours").cast(pl.String)).rows()


def test_an_order_reaches_its_statuses_one_after_the_other() -> None:
    times = {"created": 0, "approved": 1.5, "shipped": 24, "delivered": 100}
    assert milestones(times) == [
        ("created", 0, 1.5, "1.50"),
        ("approved", 1.5, 24, "22.50"),
        ("shipped", 24, 100, "76.00"),
        ("delivered", 100, None, None),
    ]


def test_an_order_is_in_its_last_status_until_another_one_comes() -> None:
    assert milestones({"created": 0}) == [("created", 0, None, None)]


def test_statuses_without_a_time_begin_in_the_history() -> None:
    times, history = {"created": 0, "shipped": 24}, {"created": 1, "processing": 2, "shipped": 30}
    assert milestones(times, history) == [
        ("created", 0, 2, "2.00"),
        ("processing", 2, 24, "22.00"),
        ("shipped", 24, None, None),
    ]


def test_the_first_time_of_a_status_counts() -> None:
    orders = pl.LazyFrame(
        [{"order_id": "o1", "order_purchase_timestamp": PURCHASED}], Orders.fields()
    )
    versions = [
        {"order_id": "o1", "order_status": "canceled", "valid_from": after(hours)}
        for hours in (7, 5)
    ]
    history = pl.LazyFrame(
        versions, {**Orders.history().fields(), "valid_from": pl.Datetime("us")}
    ).with_columns(to_utc(pl.col("valid_from")))
    made = fact_order_milestones(orders, history).filter(order_status="canceled").collect()
    assert made["entered_at"].to_list() == [after(5)]


def test_milestones_follow_their_times_even_if_the_source_mixes_them_up() -> None:
    assert milestones({"created": 0, "approved": 30, "shipped": 24}) == [
        ("created", 0, 24, "24.00"),
        ("approved", 30, None, None),
        ("shipped", 24, 30, "6.00"),
    ]


def test_simultaneous_milestones_are_in_the_order_of_the_statuses() -> None:
    assert milestones({"created": 0, "approved": 0, "delivered": 0}) == [
        ("created", 0, 0, "0.00"),
        ("approved", 0, 0, "0.00"),
        ("delivered", 0, None, None),
    ]


def test_hours_are_rounded_to_a_hundredth() -> None:
    ((*_, hours), _) = milestones({"created": 0, "approved": 100 / 3600})
    assert hours == str(Decimal(3) / 100)
