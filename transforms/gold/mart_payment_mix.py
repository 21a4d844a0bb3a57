"""gold.mart_payment_mix."""

from typing import Annotated

from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_monthly_payments import AggMonthlyPayments
from contracts.gold.mart_payment_mix import MartPaymentMix
from transforms.gold.ratios import average, share


def mart_payment_mix(
    months: Annotated[LazyFrame, AggMonthlyPayments],
) -> Annotated[LazyFrame, MartPaymentMix]:
    """Sum the payments of all months by method and number of instalments."""
    return (
        months.group_by("payment_type", "payment_installments")
        .agg(
            col("payments", "orders").sum(),
            col("payment_value").sum().cast(REAIS),
        )
        .with_columns(
            payments_share=share("payments", col("payments").sum()),
            value_share=share("payment_value", col("payment_value").sum()),
            average_value=average("payment_value", "payments"),
        )
    )
