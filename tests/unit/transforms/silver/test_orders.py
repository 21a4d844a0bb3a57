"""silver.orders: six moments in a row."""

from datetime import datetime

import polars as pl
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.silver.orders import Orders
from transforms.silver.orders import orders

at = datetime.fromisoformat


def test_an_order_is_typed() -> None:
    raw = pl.LazyFrame(
        {
            "order_id": ["o1"],
            "customer_id": [" c1 "],
            "order_status": ["delivered"],
            "order_purchase_timestamp": ["2017-11-24 08:00:01"],
            "order_approved_at": ["2017-11-24 08:30:00"],
            "order_delivered_carrier_date": ["2017-11-26 12:00:00"],
            "order_delivered_customer_date": ["2017-12-05 23:59:59"],
            "order_estimated_delivery_date": ["2017-12-20 00:00:00"],
        }
    )
    expected = pl.LazyFrame(
        {
            "order_id": ["o1"],
            "customer_id": ["c1"],
            "order_status": ["delivered"],
            "order_purchase_timestamp": [at("2017-11-24 08:00:01")],
            "order_approved_at": [at("2017-11-24 08:30:00")],
            "order_delivered_carrier_date": [at("2017-11-26 12:00:00")],
            "order_delivered_customer_date": [at("2017-12-05 23:59:59")],
            "order_estimated_delivery_date": [at("2017-12-20")],
        },
        schema=Orders.fields(),
    )
    assert_frame_equal(orders(raw), expected)


def test_missing_times_are_null() -> None:
    created = {"order_purchase_timestamp": "2017-11-24 08:00:01", "order_approved_at": ""}
    typed = orders(pl.LazyFrame([created], schema=bronze.Orders.fields())).collect()
    assert typed["order_purchase_timestamp"].to_list() == [at("2017-11-24 08:00:01")]
    dates = pl.col("^order_(approved|delivered|estimated).*$")
    assert typed.select(dates).row(0) == (None, None, None, None)


def test_a_status_is_not_corrected() -> None:
    statuses = [{"order_status": "Delivered"}, {"order_status": "lost"}]
    raw = pl.LazyFrame(statuses, schema=bronze.Orders.fields())
    assert orders(raw).collect()["order_status"].to_list() == ["Delivered", "lost"]
