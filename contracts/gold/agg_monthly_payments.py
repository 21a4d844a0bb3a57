"""The contract of gold.agg_monthly_payments."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.domain import MONTH, MOST, PAYMENT_TYPES
from contracts.gold.fact_payments import FactPayments


class AggMonthlyPayments(
    Gold,
    key=("purchase_month", "payment_type", "payment_installments"),
    incremental_key=("purchase_month",),
):
    """One row per month of purchase, payment method and number of instalments."""

    purchase_month: str = column(str_matches=MONTH)
    payment_type: str = column(isin=PAYMENT_TYPES)
    payment_installments: int = column(ge=0)
    payments: int = column(
        in_range=(1, MOST),
        sums=(FactPayments, col("order_id").is_not_null()),
        description="Number of payments.",
    )
    orders: int = column(
        in_range=(1, MOST),
        description="Number of orders with such a payment. Not additive: an order may be paid in "
        "several ways.",
    )
    payment_value: Money = column(
        ge=0,
        sums=(FactPayments, col("payment_value")),
        description="Value of the payments in BRL, including those of orders called off.",
    )
