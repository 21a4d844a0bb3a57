"""silver.order_items: amounts to the cent."""

from datetime import datetime
from decimal import Decimal

import polars as pl
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.silver.order_items import OrderItems
from transforms.silver.order_items import order_items


def test_an_item_is_typed() -> None:
    raw = pl.LazyFrame(
        {
            "order_id": ["o1"],
            "order_item_id": ["2"],
            "product_id": ["p1"],
            "seller_id": ["s1"],
            "shipping_limit_date": ["2017-11-30 12:00:01"],
            "price": ["10.5"],
            "freight_value": ["2.05"],
        }
    )
    expected = pl.LazyFrame(
        {
            "order_id": ["o1"],
            "order_item_id": [2],
            "product_id": ["p1"],
            "seller_id": ["s1"],
            "shipping_limit_date": [datetime.fromisoformat("2017-11-30 12:00:01")],
            "price": [Decimal("10.50")],
            "freight_value": [Decimal("2.05")],
        },
        schema=OrderItems.fields(),
    )
    assert_frame_equal(order_items(raw), expected)


def test_amounts_are_neither_rounded_nor_guessed() -> None:
    raw = [
        {"price": "10.505", "freight_value": "0.00"},
        {"price": "10,50", "freight_value": "free"},
        {"price": "0", "freight_value": "-1"},
    ]
    typed = order_items(pl.LazyFrame(raw, schema=bronze.OrderItems.fields()))
    assert typed.select("price", "freight_value").collect().rows() == [
        (None, Decimal(0)),
        (None, None),
        (Decimal(0), Decimal(-1)),
    ]
