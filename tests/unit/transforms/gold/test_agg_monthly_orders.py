"""gold.agg_monthly_orders."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from contracts.gold.fact_orders import FactOrders
from transforms.gold.agg_monthly_orders import agg_monthly_orders


def order(status: str, estimated: int = 9, past: int | None = None, **other: Any) -> dict[str, Any]:
    return {
        "order_id": "o",
        "purchase_month": "2018-01",
        "customer_state": "SP",
        "order_status": status,
        "order_estimated_delivery_date": datetime(2018, 1, estimated),
        "days_past_estimate": past,
        "delivered_on_time": None if past is None else past <= 0,
        "price": Decimal(1),
        **other,
    }


def made_of(*orders: dict[str, Any]) -> pl.DataFrame:
    made = agg_monthly_orders(pl.LazyFrame(orders, schema=FactOrders.fields()))
    return made.sort("purchase_month", "customer_state", "lateness", "due_date_key").collect()


def test_only_open_orders_have_a_due_day() -> None:
    statuses = ["created", "shipped", "delivered", "canceled", "unavailable"]
    made = made_of(*(order(status) for status in statuses), order("shipped", 10))
    assert made.select("due_date_key", "orders").rows() == [(0, 3), (20180109, 2), (20180110, 1)]


def test_days_late_are_those_of_late_orders() -> None:
    made = made_of(*(order("delivered", past=past) for past in (-3, -1, 1, 3)))
    assert made.select("lateness", "orders", "days_late").rows() == [
        ("1 to 3 days early", 2, 0),
        ("1 to 3 days late", 2, 4),
    ]


def test_totals_are_added_up() -> None:
    amounts = {"items": 2, "reviews": 1, "stars": 5, "five_star_reviews": 1, "date_key": 20180107}
    made = made_of(order("canceled", **amounts), order("unavailable", items=0, date_key=20180105))
    columns = ["orders", "orders_with_items", "items", "price", "price_called_off", "stars"]
    assert made.select(columns).rows() == [(2, 1, 2, Decimal(2), Decimal(2), 5)]
    assert made["last_date_key"].to_list() == [20180107]
