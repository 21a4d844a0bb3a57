"""gold.fact_payments."""

from typing import Annotated

from polars import LazyFrame

from contracts.gold.fact_payments import FactPayments
from contracts.silver.order_payments import OrderPayments
from contracts.silver.orders import Orders
from transforms.gold.dates import date_key, month


def fact_payments(
    order_payments: Annotated[LazyFrame, OrderPayments],
    orders: Annotated[LazyFrame, Orders],
) -> Annotated[LazyFrame, FactPayments]:
    """Join each payment to its order. Until its order arrives, a payment stays in silver."""
    return order_payments.join(orders, on="order_id").select(
        "order_id",
        "payment_sequential",
        "customer_id",
        date_key("order_purchase_timestamp"),
        "order_status",
        "payment_type",
        "payment_installments",
        "payment_value",
        purchase_month=month("order_purchase_timestamp"),
    )
