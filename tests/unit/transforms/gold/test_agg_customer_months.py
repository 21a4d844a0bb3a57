"""gold.agg_customer_months."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from contracts.gold.agg_customer_months import AggCustomerMonths
from contracts.gold.fact_orders import FactOrders
from transforms.gold.agg_customer_months import agg_customer_months


def order(person: str, bought: str, status: str = "shipped") -> dict[str, Any]:
    return {
        "customer_unique_id": person,
        "order_purchase_timestamp": datetime.fromisoformat(bought),
        "purchase_month": bought[:7],
        "order_status": status,
        "price": Decimal(9),
        "total_order_value": Decimal(10),
    }


def made_of(*orders: dict[str, Any]) -> list[tuple[Any, ...]]:
    made = agg_customer_months(pl.LazyFrame(orders, schema=FactOrders.fields()))
    names = AggCustomerMonths.fields().names()
    return made.select(names).sort(names[:2]).collect().rows()


def test_the_cohort_is_the_month_of_the_first_purchase() -> None:
    orders = [
        order("a", "2018-01-31", "canceled"),
        order("a", "2018-02-01"),
        order("b", "2018-03-01"),
    ]
    nothing = (1, 0, Decimal(0), Decimal(0), None)
    assert made_of(*orders) == [
        ("a", "2018-01", "2018-02", *nothing),
        ("a", "2018-02", "2018-02", 1, 1, Decimal(9), Decimal(10), date(2018, 2, 1)),
        ("b", "2018-03", "2018-03", 1, 1, Decimal(9), Decimal(10), date(2018, 3, 1)),
    ]


def test_orders_of_a_month_are_added_up() -> None:
    orders = [
        order("a", "2018-01-05"),
        order("a", "2018-01-09"),
        order("a", "2018-01-10", "unavailable"),
    ]
    assert made_of(*orders) == [
        ("a", "2018-01", "2018-01", 3, 2, Decimal(18), Decimal(20), date(2018, 1, 9))
    ]


def test_a_person_who_never_bought_has_no_cohort() -> None:
    ((_, _, cohort, *_),) = made_of(order("a", "2018-01-05", "canceled"))
    assert cohort is None
