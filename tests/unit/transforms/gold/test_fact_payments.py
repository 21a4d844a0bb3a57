"""gold.fact_payments."""

from datetime import datetime
from decimal import Decimal

import polars as pl
from polars.testing import assert_frame_equal

from contracts.gold.fact_payments import FactPayments
from contracts.silver.order_payments import OrderPayments
from contracts.silver.orders import Orders
from transforms.gold.fact_payments import fact_payments

ORDER = {
    "order_id": "o1",
    "customer_id": "c1",
    "order_status": "shipped",
    "order_purchase_timestamp": datetime.fromisoformat("2017-11-24 23:59:59"),
}


def paid(order: str, number: int) -> dict[str, object]:
    return {
        "order_id": order,
        "payment_sequential": number,
        "payment_type": "boleto",
        "payment_installments": 1,
        "payment_value": Decimal("10.05"),
    }


def assert_fact_payments(
    payments: list[dict[str, object]],
    orders: list[dict[str, object]],
    expected: list[dict[str, object]],
) -> None:
    made = fact_payments(
        pl.LazyFrame(payments, schema=OrderPayments.fields()),
        pl.LazyFrame(orders, schema=Orders.fields()),
    )
    rows = pl.LazyFrame(expected, schema=FactPayments.fields())
    assert_frame_equal(made, rows, check_row_order=False, check_column_order=False)


def test_a_payment_has_the_customer_the_day_and_the_status_of_its_order() -> None:
    order = {
        "customer_id": "c1",
        "date_key": 20171124,
        "purchase_month": "2017-11",
        "order_status": "shipped",
    }
    payments = [paid("o1", 1), paid("o1", 2)]
    assert_fact_payments(payments, [ORDER], [{**payment, **order} for payment in payments])


def test_a_payment_without_an_order_has_no_row() -> None:
    assert_fact_payments([paid("o2", 1)], [ORDER], [])
    assert_fact_payments([paid("o1", 1)], [], [])


def test_an_order_without_payments_has_no_row() -> None:
    assert_fact_payments([], [ORDER], [])
