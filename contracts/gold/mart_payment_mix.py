"""The contract of gold.mart_payment_mix."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.domain import PAYMENT_TYPES
from contracts.gold.fact_payments import FactPayments


class MartPaymentMix(Gold, key=("payment_type", "payment_installments")):
    """One row per way to pay and number of instalments, over all time.

    An order may be paid in several ways, with a voucher and a card, say: sums are over payments,
    and orders do not add up.
    """

    payment_type: str = column(isin=PAYMENT_TYPES)
    payment_installments: int = column(
        ge=0, description="Monthly instalments; 1 is paid at once, the source has a few zeros."
    )
    payments: int = column(
        ge=1, sums=(FactPayments, col("order_id").is_not_null()), description="How many."
    )
    orders: int = column(ge=1, description="Orders with such a payment; do not add them up.")
    payment_value: Money = column(
        ge=0,
        sums=(FactPayments, col("payment_value")),
        description="R$: of all orders, those called off among them.",
    )
    payments_share: float = column(in_range=(0, 1), description="Of all payments.")
    value_share: float = column(
        in_range=(0, 1), nullable=True, description="Of the value of all payments."
    )
    average_value: Money = column(ge=0, description="R$: per payment.")
