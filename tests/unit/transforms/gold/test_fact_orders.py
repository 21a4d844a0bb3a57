"""gold.fact_orders."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.gold.dim_customer import DimCustomer
from contracts.gold.fact_orders import FactOrders
from contracts.silver.order_items import OrderItems
from contracts.silver.order_payments import OrderPayments
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.gold.fact_orders import fact_orders

at = datetime.fromisoformat
ORDER = {
    "order_id": "o1",
    "customer_id": "c1",
    "order_status": "delivered",
    "order_purchase_timestamp": at("2017-11-24 23:30:00"),
    "order_approved_at": at("2017-11-25 00:10:00"),
    "order_delivered_carrier_date": at("2017-11-28 09:00:00"),
    "order_delivered_customer_date": at("2017-12-04 08:00:00"),
    "order_estimated_delivery_date": at("2017-12-06 00:00:00"),
}


def item(order: str, number: int, price: str, freight: str) -> dict[str, object]:
    amounts = {"price": Decimal(price), "freight_value": Decimal(freight)}
    return {"order_id": order, "order_item_id": number, **amounts}


def payment(order: str, number: int, value: str) -> dict[str, object]:
    return {"order_id": order, "payment_sequential": number, "payment_value": Decimal(value)}


def made_of(
    orders: list[dict[str, Any]],
    items: list[dict[str, object]] | None = None,
    payments: list[dict[str, object]] | None = None,
    *,
    scores: list[int] | None = None,
    customers: list[dict[str, object]] | None = None,
) -> pl.DataFrame:
    reviews = [{"order_id": "o1", "review_score": score} for score in scores or []]
    made = fact_orders(
        pl.LazyFrame(orders, schema=Orders.fields()),
        pl.LazyFrame(items or [], schema=OrderItems.fields()),
        pl.LazyFrame(payments or [], schema=OrderPayments.fields()),
        pl.LazyFrame(reviews, schema=OrderReviews.fields()),
        pl.LazyFrame(customers or [], schema=DimCustomer.fields()),
    )
    return made.select(FactOrders.fields().names()).sort("order_id").collect()


def test_an_order_has_its_customer_its_days_and_the_totals_of_its_parts() -> None:
    items = [item("o1", 1, "10.10", "1.05"), item("o1", 2, "20.20", "2.05")]
    payments = [payment("o1", 1, "30.00"), payment("o1", 2, "3.41")]
    expected = {
        **ORDER,
        "customer_unique_id": "p1",
        "customer_state": "SP",
        "date_key": 20171124,
        "purchase_month": "2017-11",
        "days_to_approval": 1,
        "days_to_carrier": 3,
        "days_in_transit": 6,
        "delivery_lag_days": 10,
        "days_past_estimate": -2,
        "delivered_on_time": True,
        "items": 2,
        "price": Decimal("30.30"),
        "freight_value": Decimal("3.10"),
        "total_order_value": Decimal("33.40"),
        "payments": 2,
        "payment_value": Decimal("33.41"),
        "payment_difference": Decimal("0.01"),
        "reviews": 4,
        "stars": 15,
        "one_star_reviews": 1,
        "five_star_reviews": 2,
    }
    person: dict[str, object] = {
        "customer_id": "c1",
        "customer_unique_id": "p1",
        "customer_state": "SP",
    }
    assert_frame_equal(
        made_of([ORDER], items, payments, scores=[5, 1, 4, 5], customers=[person]),
        pl.DataFrame([expected], schema=FactOrders.fields()),
    )


@pytest.mark.parametrize("customers", [[], [{"customer_id": "c1", "inferred": True}]])
def test_a_customer_without_a_record_counts_as_a_person(customers: list[dict[str, object]]) -> None:
    made = made_of([ORDER], customers=customers)
    assert made.select("customer_unique_id", "customer_state").row(0) == ("c1", "unknown")


def test_an_order_without_parts_has_zeros() -> None:
    counts = made_of([ORDER]).select("items", "payments", "reviews", "stars").row(0)
    amounts = made_of([ORDER]).select(pl.col("^.*(price|value|difference)$")).row(0)
    assert counts == (0,) * 4
    assert amounts == (Decimal(0),) * 5


def test_several_parts_do_not_multiply_each_other() -> None:
    items = [item("o1", number, "1.00", "0.00") for number in (1, 2, 3)]
    payments = [payment("o1", number, "1.50") for number in (1, 2)]
    made = made_of([ORDER, {**ORDER, "order_id": "o2"}], items, payments, scores=[4])
    assert made.select("items", "price", "payments", "payment_value", "stars").rows() == [
        (3, Decimal(3), 2, Decimal(3), 4),
        (0, Decimal(0), 0, Decimal(0), 0),
    ]


def test_an_underpaid_order_has_a_negative_difference() -> None:
    made = made_of([ORDER], [item("o1", 1, "5.00", "1.00")], [payment("o1", 1, "5.50")])
    assert made["payment_difference"].to_list() == [Decimal("-0.50")]


def test_items_and_payments_without_an_order_have_no_row() -> None:
    assert made_of([], [item("o1", 1, "5", "1")], [payment("o1", 1, "6")]).is_empty()


@pytest.mark.parametrize(
    ("delivered", "on_time", "past_estimate", "lag"),
    [
        ("2017-12-05 23:59:59", True, -1, 11),
        ("2017-12-06 00:00:00", True, 0, 12),
        ("2017-12-06 23:59:59", True, 0, 12),
        ("2017-12-07 00:00:00", False, 1, 13),
        ("2017-11-24 23:59:59", True, -12, 0),
        (None, None, None, None),
    ],
)
def test_on_time_depends_on_the_calendar_day(
    delivered: str | None, *, on_time: bool | None, past_estimate: int | None, lag: int | None
) -> None:
    order = {**ORDER, "order_delivered_customer_date": delivered and at(delivered)}
    columns = ["delivered_on_time", "days_past_estimate", "delivery_lag_days"]
    assert made_of([order]).select(columns).row(0) == (on_time, past_estimate, lag)


def test_days_between_milestones_may_be_negative() -> None:
    order = {
        **ORDER,
        "order_approved_at": at("2017-11-29"),
        "order_delivered_carrier_date": at("2017-11-28 23:00"),
        "order_delivered_customer_date": at("2017-11-26 23:30"),
    }
    days = ["days_to_approval", "days_to_carrier", "days_in_transit"]
    assert made_of([order]).select(days).row(0) == (5, -1, -2)


def test_a_missing_milestone_has_no_days() -> None:
    order = {**ORDER, "order_delivered_carrier_date": None}
    days = ["days_to_approval", "days_to_carrier", "days_in_transit", "delivery_lag_days"]
    assert made_of([order]).select(days).row(0) == (1, None, None, 10)
