"""gold.mart_monthly_sales."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from contracts.gold.fact_orders import FactOrders
from contracts.gold.mart_monthly_sales import MartMonthlySales
from transforms.gold.agg_monthly_orders import agg_monthly_orders
from transforms.gold.mart_monthly_sales import mart_monthly_sales


def order(number: int, month: str, price: str | None = "10.00", **other: Any) -> dict[str, Any]:
    return {
        "order_id": f"o{number}",
        "order_status": "shipped",
        "order_estimated_delivery_date": datetime(2017, 1, 1),
        "purchase_month": month,
        "reviews": 0,
        "stars": 0,
        "items": 0 if price is None else 1,
        "price": Decimal(price or 0),
        "freight_value": Decimal(0 if price is None else "2.50"),
        **other,
    }


def delivery(past: int) -> dict[str, Any]:
    return {"days_past_estimate": past, "delivered_on_time": past <= 0}


def made_of(*orders: dict[str, Any]) -> pl.DataFrame:
    facts = pl.LazyFrame(orders, schema=FactOrders.fields())
    made = facts.pipe(agg_monthly_orders).pipe(mart_monthly_sales)
    return made.select(MartMonthlySales.fields().names()).collect()


def test_orders_without_items_do_not_lower_the_average() -> None:
    made = made_of(order(1, "2017-01", "10.00"), order(2, "2017-01", None))
    row = made.select("orders", "orders_with_items", "items", "average_order_value").row(0)
    assert row == (2, 1, 1, Decimal("10.00"))


def test_orders_called_off_are_in_gmv_and_in_a_column_of_their_own() -> None:
    orders = [
        order(number, "2017-01", order_status=status)
        for number, status in enumerate(["shipped", "canceled", "unavailable"])
    ]
    assert made_of(*orders).select("gmv", "gmv_called_off").row(0) == (Decimal(30), Decimal(20))


def test_gmv_excludes_freight() -> None:
    made = made_of(order(1, "2017-01", "7.50"))
    row = made.select("gmv", "freight_value", "freight_share").row(0)
    assert row == (Decimal("7.50"), Decimal("2.50"), 0.25)


def test_growth_is_against_the_calendar_month_before() -> None:
    made = made_of(
        order(1, "2016-11", "10.00"),
        order(2, "2016-12", "15.00"),
        order(3, "2017-03", "20.00"),
    )
    assert made.select("purchase_month", "orders", "growth").rows() == [
        ("2016-11", 1, None),
        ("2016-12", 1, 0.5),
        ("2017-01", 0, -1.0),
        ("2017-02", 0, None),
        ("2017-03", 1, None),
    ]


def test_on_time_counts_delivered_orders_with_a_date_only() -> None:
    orders = [
        order(1, "2017-01", order_status="delivered", **delivery(0)),
        order(2, "2017-01", order_status="delivered", **delivery(1)),
        order(3, "2017-01", order_status="delivered"),
        order(4, "2017-01", order_status="canceled", **delivery(0)),
    ]
    row = made_of(*orders).select("delivered", "delivered_on_time", "on_time_share").row(0)
    assert row == (2, 1, 0.5)


def test_a_review_counts_in_the_month_of_its_order() -> None:
    made = made_of(
        order(1, "2017-01", reviews=1, stars=5),
        order(2, "2017-01", reviews=1, stars=2),
        order(3, "2017-02"),
    )
    assert made.select("reviews", "review_score").rows() == [(2, 3.5), (0, None)]


def test_no_orders_give_no_months() -> None:
    assert made_of().is_empty()
