"""gold.mart_customer_rfm."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from contracts.gold.dim_month import DimMonth
from contracts.gold.fact_orders import FactOrders
from contracts.gold.mart_customer_rfm import MartCustomerRfm
from transforms.gold.agg_customer_months import agg_customer_months
from transforms.gold.mart_customer_rfm import mart_customer_rfm

MONTH_END = datetime(2018, 8, 31, 15)


def order(person: str, days_ago: int, total: str = "10.00", status: str = "shipped") -> Any:
    bought = MONTH_END - timedelta(days=days_ago)
    return {
        "customer_unique_id": person,
        "order_status": status,
        "order_purchase_timestamp": bought,
        "purchase_month": f"{bought:%Y-%m}",
        "price": Decimal(0),
        "total_order_value": Decimal(total),
    }


def made_of(*orders: dict[str, Any]) -> pl.DataFrame:
    months = [{"last_day": date(2018, 7, 31)}, {"last_day": MONTH_END.date()}]
    made = mart_customer_rfm(
        pl.LazyFrame(orders, schema=FactOrders.fields()).pipe(agg_customer_months),
        pl.LazyFrame(months, schema=DimMonth.fields()),
    )
    return made.select(MartCustomerRfm.fields().names()).sort("customer_unique_id").collect()


def test_a_person_has_one_row_for_all_months() -> None:
    made = made_of(order("a", 10, "30.00"), order("a", 40, "12.34"), order("b", 1, "1.00"))
    assert made.drop("segment").rows() == [
        ("a", 2, 2, Decimal("42.34"), date(2018, 8, 21), 10),
        ("b", 1, 1, Decimal("1.00"), date(2018, 8, 30), 1),
    ]


def test_called_off_orders_are_not_purchases() -> None:
    made = made_of(order("a", 10), order("a", 5, status="canceled"))
    columns = ["orders", "frequency", "monetary", "recency_days"]
    assert made.select(columns).row(0) == (2, 1, Decimal(10), 10)


@pytest.mark.parametrize("status", ["canceled", "unavailable"])
def test_a_person_with_called_off_orders_only_never_bought(status: str) -> None:
    made = made_of(order("a", 5, status=status))
    columns = ["frequency", "monetary", "last_purchase", "recency_days", "segment"]
    assert made.select(columns).row(0) == (0, Decimal(0), None, None, "never bought")


@pytest.mark.parametrize(
    ("days", "total", "segment"),
    [
        ([180], "249.99", "new"),
        ([180], "250.00", "new big spender"),
        ([181], "249.99", "gone"),
        ([181], "250.00", "big spender to win back"),
        ([180, 600], "1.00", "loyal"),
        ([181, 600], "999.00", "slipping away"),
    ],
)
def test_segments_have_fixed_bands(days: list[int], total: str, segment: str) -> None:
    made = made_of(*(order("a", ago, total) for ago in days))
    assert made["segment"].to_list() == [segment]


def test_a_purchase_after_the_known_months_is_of_today() -> None:
    made = made_of(order("a", -3))
    assert made.select("last_purchase", "recency_days").row(0) == (date(2018, 9, 3), 0)
