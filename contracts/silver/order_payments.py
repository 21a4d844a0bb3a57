"""The contract of silver.order_payments."""

from contracts.contract import Money, Silver, column
from contracts.domain import HEX_ID, PAYMENT_TYPES


class OrderPayments(Silver, key=("order_id", "payment_sequential")):
    """One row per payment of an order. An order may have several payments."""

    order_id: str = column(str_matches=HEX_ID)
    payment_sequential: int = column(ge=1)
    payment_type: str = column(isin=PAYMENT_TYPES)
    payment_installments: int = column(ge=0)
    payment_value: Money = column(ge=0, description="Value of the payment in BRL.")
