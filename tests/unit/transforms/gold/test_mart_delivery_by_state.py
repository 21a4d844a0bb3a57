"""gold.mart_delivery_by_state."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from contracts.gold.fact_orders import FactOrders
from contracts.gold.mart_delivery_by_state import MartDeliveryByState
from transforms.gold.agg_monthly_deliveries import agg_monthly_deliveries
from transforms.gold.agg_monthly_orders import agg_monthly_orders
from transforms.gold.dates import date_key
from transforms.gold.mart_delivery_by_state import mart_delivery_by_state


def order(number: int, state: str = "SP", **other: Any) -> dict[str, Any]:
    amounts = {"items": 1, "price": Decimal(9), "freight_value": Decimal(1)}
    return {
        "order_id": f"o{number}",
        "customer_state": state,
        "purchase_month": f"2018-{number % 12 + 1:02}",
        "order_purchase_timestamp": datetime(2018, 1, 1),
        "order_estimated_delivery_date": datetime(2018, 1, 2),
        **amounts,
        **other,
    }


def delivered(number: int, lag: int, past: int, score: int | None = None) -> dict[str, Any]:
    return order(
        number,
        reviews=int(score is not None),
        stars=score or 0,
        order_status="delivered",
        delivery_lag_days=lag,
        days_past_estimate=past,
        delivered_on_time=past <= 0,
    )


def made_of(*orders: dict[str, Any]) -> pl.DataFrame:
    facts = pl.LazyFrame(orders, schema=FactOrders.fields()).with_columns(
        date_key("order_purchase_timestamp")
    )
    made = mart_delivery_by_state(agg_monthly_orders(facts), agg_monthly_deliveries(facts))
    return made.select(MartDeliveryByState.fields().names()).sort("customer_state").collect()


def test_late_orders_are_counted_with_their_days() -> None:
    made = made_of(*(delivered(n, 10, past) for n, past in enumerate([-5, 0, 1, 4])))
    columns = ["delivered", "on_time", "on_time_share", "late", "mean_days_late"]
    assert made.select(columns).row(0) == (4, 2, 0.5, 2, 2.5)


def test_p90_is_the_ninetieth_percentile() -> None:
    made = made_of(*(delivered(n, lag, 0) for n, lag in enumerate(range(1, 11))))
    assert made.select("mean_lag_days", "p90_lag_days").row(0) == (5.5, 9.0)


def test_undelivered_orders_are_neither_late_nor_on_time() -> None:
    canceled = {**delivered(2, 3, 1, 1), "order_status": "canceled"}
    made = made_of(order(1, order_status="shipped", reviews=1, stars=1), canceled)
    columns = ["orders", "delivered", "on_time", "late", "on_time_share", "p90_lag_days", "reviews"]
    assert made.select(columns).row(0) == (2, 0, 0, 0, None, None, 0)


def test_orders_estimated_before_the_newest_order_are_overdue() -> None:
    def due(number: int, day: int, status: str, *, ordered: int = 1) -> dict[str, Any]:
        return order(
            number,
            order_status=status,
            order_purchase_timestamp=datetime(2018, 1, ordered, 23),
            order_estimated_delivery_date=datetime(2018, 1, day),
        )

    made = made_of(
        due(1, 9, "shipped"),
        due(2, 9, "created"),
        due(3, 9, "delivered"),
        due(4, 9, "canceled"),
        due(5, 9, "unavailable"),
        due(6, 10, "shipped"),
        due(7, 20, "shipped", ordered=10),
        {**due(8, 8, "shipped"), "customer_state": "BA"},
    )
    assert made.select("customer_state", "overdue").rows() == [("BA", 1), ("SP", 2)]


def test_months_of_a_state_are_added_up() -> None:
    made = made_of(*(order(n, of) for n, of in enumerate(["SP", "BA", "unknown", "SP"])))
    assert made.select("customer_state", "orders").rows() == [("BA", 1), ("SP", 2), ("unknown", 1)]


@pytest.mark.parametrize("number", [1, 2, 9, 10, 11, 29, 30, 31, 100])
def test_p90_is_that_of_single_orders(number: int) -> None:
    lags = [n * n % 23 for n in range(number)]
    made = made_of(*(delivered(n, lag, 0) for n, lag in enumerate(lags)))
    assert made["p90_lag_days"].item() == pl.Series(lags).quantile(0.9, "equiprobable")


def test_freight_per_order_counts_orders_with_items() -> None:
    none = {"items": 0, "price": Decimal(0), "freight_value": Decimal(0)}
    made = made_of(order(1), {**order(2), **none})
    columns = ["gmv", "freight_value", "freight_share", "freight_per_order"]
    assert made.select(columns).row(0) == (Decimal(9), Decimal(1), 0.1, Decimal(1))


def test_scores_count_delivered_orders_only() -> None:
    shipped = order(3, order_status="shipped", reviews=1, stars=1)
    made = made_of(delivered(1, 5, 0, 5), delivered(2, 5, 2, 2), shipped)
    assert made.select("reviews", "review_score").row(0) == (2, 3.5)
