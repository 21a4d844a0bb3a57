"""gold.mart_payment_mix."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.fact_payments import FactPayments
from contracts.gold.mart_payment_mix import MartPaymentMix
from transforms.gold.ratios import average, share


def mart_payment_mix(
    payments: Annotated[LazyFrame, FactPayments],
) -> Annotated[LazyFrame, MartPaymentMix]:
    """Sum the payments by method and number of instalments."""
    return (
        payments.group_by("payment_type", "payment_installments")
        .agg(
            payments=pl.len().cast(pl.Int64),
            orders=col("order_id").n_unique().cast(pl.Int64),
            payment_value=col("payment_value").sum().cast(REAIS),
        )
        .with_columns(
            payments_share=share("payments", col("payments").sum()),
            value_share=share("payment_value", col("payment_value").sum()),
            average_value=average("payment_value", "payments"),
        )
    )
