"""gold.fact_sales."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.gold.dim_product import DimProduct
from contracts.gold.fact_sales import FactSales
from contracts.silver.order_items import OrderItems
from contracts.silver.order_payments import OrderPayments
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.gold.fact_sales import fact_sales

at = datetime.fromisoformat
ORDER = {
    "order_id": "o1",
    "customer_id": "c1",
    "order_status": "canceled",
    "order_purchase_timestamp": at("2017-11-30 23:59:59"),
    "order_delivered_customer_date": at("2017-12-06 21:00:00"),
    "order_estimated_delivery_date": at("2017-12-06 00:00:00"),
}


def item(order: str, number: int, price: str, freight: str) -> dict[str, object]:
    return {
        "order_id": order,
        "order_item_id": number,
        "product_id": f"p{number}",
        "seller_id": "s1",
        "price": Decimal(price),
        "freight_value": Decimal(freight),
    }


def payment(order: str, value: str) -> dict[str, object]:
    return {"order_id": order, "payment_value": Decimal(value)}


def made_of(
    orders: list[dict[str, Any]],
    items: list[dict[str, object]],
    payments: list[dict[str, object]],
    *,
    categories: dict[str, str | None] | None = None,
    scores: list[int] | None = None,
) -> pl.DataFrame:
    named = categories or {}
    products = [{"product_id": p, "product_category_name_english": named[p]} for p in named]
    reviews = [{"order_id": "o1", "review_score": score} for score in scores or []]
    made = fact_sales(
        pl.LazyFrame(orders, schema=Orders.fields()),
        pl.LazyFrame(items, schema=OrderItems.fields()),
        pl.LazyFrame(payments, schema=OrderPayments.fields()),
        pl.LazyFrame(reviews, schema=OrderReviews.fields()),
        pl.LazyFrame(products, schema=DimProduct.fields()),
    )
    return made.select(FactSales.fields().names()).sort("order_id", "order_item_id").collect()


def test_an_item_has_columns_of_its_order_and_its_share_of_the_payments() -> None:
    items = [item("o1", 1, "10.00", "5.00"), item("o1", 2, "28.00", "2.00")]
    payments = [payment("o1", "40.00"), payment("o1", "5.01")]
    order = {
        "customer_id": "c1",
        "date_key": 20171130,
        "purchase_month": "2017-11",
        "order_status": "canceled",
        "delivery_lag_days": 6,
        "delivered_on_time": True,
        "reviews": 2,
        "stars": 7,
        "is_first_of_category": True,
    }
    values = [("15.00", "15.00"), ("30.00", "30.01")]
    expected = [
        {
            **item,
            **order,
            "category": {"p1": "toys", "p2": "books"}[str(item["product_id"])],
            "is_first_of_seller": item["order_item_id"] == 1,
            "total_order_item_value": Decimal(total),
            "allocated_payment_value": Decimal(paid),
        }
        for item, (total, paid) in zip(items, values, strict=True)
    ]
    made = made_of(
        [ORDER], items, payments, categories={"p1": "toys", "p2": "books"}, scores=[3, 4]
    )
    assert_frame_equal(made, pl.DataFrame(expected, schema=FactSales.fields()))


@pytest.mark.parametrize("categories", [{}, {"p1": None}])
def test_an_item_without_a_category_has_category_unknown(categories: dict[str, None]) -> None:
    made = made_of([ORDER], [item("o1", 1, "1", "0")], [], categories={**categories})
    assert made["category"].to_list() == ["unknown"]


def test_the_item_with_the_lowest_number_is_the_first_of_its_kind() -> None:
    orders = [ORDER, {**ORDER, "order_id": "o2"}]
    sold = [("o1", 3, "a"), ("o1", 2, "a"), ("o1", 4, "b"), ("o2", 7, "a")]
    items = [{**item(order, n, "1", "0"), "seller_id": seller} for order, n, seller in sold]
    categories: dict[str, str | None] = {"p2": "toys", "p3": "books", "p4": "toys"}
    made = made_of(orders, items, [], categories=categories)
    columns = ["order_item_id", "is_first_of_seller", "is_first_of_category"]
    assert made.select(columns).rows() == [
        (2, True, True),
        (3, False, True),
        (4, True, False),
        (7, True, True),
    ]


def test_payments_are_allocated_per_order() -> None:
    orders = [ORDER, {**ORDER, "order_id": "o2"}, {**ORDER, "order_id": "o3"}]
    items = [item("o1", n, "1", "0") for n in (1, 2, 3)] + [item("o2", 1, "1", "0")]
    payments = [payment("o1", "1.00"), payment("o2", "7.00"), payment("o3", "9.00")]
    made = made_of(orders, items, payments)
    assert made["allocated_payment_value"].to_list() == [
        Decimal("0.33"),
        Decimal("0.33"),
        Decimal("0.34"),
        Decimal("7.00"),
    ]


def test_an_unpaid_order_allocates_nothing() -> None:
    made = made_of([ORDER], [item("o1", 1, "1", "0")], [])
    assert made["allocated_payment_value"].to_list() == [Decimal(0)]


def test_free_items_get_equal_shares() -> None:
    made = made_of([ORDER], [item("o1", n, "0", "0") for n in (1, 2)], [payment("o1", "0.05")])
    assert made["allocated_payment_value"].to_list() == [Decimal("0.02"), Decimal("0.03")]


def test_an_item_without_an_order_has_no_row() -> None:
    items, payments = [item("o1", 1, "1", "0")], [payment("o1", "1")]
    assert made_of([{**ORDER, "order_id": "o2"}], items, payments).is_empty()
    assert made_of([ORDER], items, payments).height == 1


@pytest.mark.parametrize(
    ("delivered", "on_time", "lag"),
    [
        ("2017-12-06 23:59:59", True, 6),
        ("2017-12-07 00:00:00", False, 7),
        ("2017-11-30 23:59:59", True, 0),
        (None, None, None),
    ],
)
def test_on_time_depends_on_the_calendar_day(
    delivered: str | None, *, on_time: bool | None, lag: int | None
) -> None:
    order = {**ORDER, "order_delivered_customer_date": delivered and at(delivered)}
    made = made_of([order], [item("o1", 1, "1", "0")], [])
    assert made.select("delivered_on_time", "delivery_lag_days").row(0) == (on_time, lag)
