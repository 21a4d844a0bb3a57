"""The contract of gold.mart_payment_mix."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.domain import PAYMENT_TYPES
from contracts.gold.agg_monthly_payments import AggMonthlyPayments


class MartPaymentMix(Gold, key=("payment_type", "payment_installments")):
    """One row per payment method and number of instalments, over all time.

    An order may be paid by several methods, such as a voucher and a card.
    """

    payment_type: str = column(isin=PAYMENT_TYPES)
    payment_installments: int = column(
        ge=0, description="Number of monthly instalments, or 1 for a single payment."
    )
    payments: int = column(
        ge=1, sums=(AggMonthlyPayments, col("payments")), description="Number of payments."
    )
    orders: int = column(
        ge=1,
        sums=(AggMonthlyPayments, col("orders")),
        description="Number of orders with such a payment. Not additive: an order may be paid in "
        "several ways.",
    )
    payment_value: Money = column(
        ge=0,
        sums=(AggMonthlyPayments, col("payment_value")),
        description="Value of the payments in BRL, including those of orders called off.",
    )
    payments_share: float = column(
        in_range=(0, 1), description="Payments as a fraction of all payments."
    )
    value_share: float = column(
        in_range=(0, 1),
        nullable=True,
        description="Value as a fraction of the value of all payments.",
    )
    average_value: Money = column(ge=0, description="Mean value per payment in BRL.")
