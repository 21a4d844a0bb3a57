"""silver.order_payments."""

from decimal import Decimal

import polars as pl
from polars.testing import assert_frame_equal

from contracts.silver.order_payments import OrderPayments
from transforms.silver.order_payments import order_payments


def test_a_payment_is_typed() -> None:
    raw = pl.LazyFrame(
        {
            "order_id": ["o1", "o1"],
            "payment_sequential": ["1", "2"],
            "payment_type": ["voucher", " boleto"],
            "payment_installments": ["0", "one"],
            "payment_value": ["12.05", "x"],
        }
    )
    expected = pl.LazyFrame(
        {
            "order_id": ["o1", "o1"],
            "payment_sequential": [1, 2],
            "payment_type": ["voucher", "boleto"],
            "payment_installments": [0, None],
            "payment_value": [Decimal("12.05"), None],
        },
        schema=OrderPayments.fields(),
    )
    assert_frame_equal(order_payments(raw), expected)
