"""silver.order_payments."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.order_payments import OrderPayments
from transforms.parse import integer, money, text


def order_payments(
    raw: Annotated[LazyFrame, bronze.OrderPayments],
) -> Annotated[LazyFrame, OrderPayments]:
    """Type each payment record."""
    return raw.select(
        text("order_id"),
        integer("payment_sequential"),
        text("payment_type"),
        integer("payment_installments"),
        money("payment_value"),
    )
