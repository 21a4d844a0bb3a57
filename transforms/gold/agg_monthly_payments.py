"""gold.agg_monthly_payments."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_monthly_payments import AggMonthlyPayments
from contracts.gold.fact_payments import FactPayments


def agg_monthly_payments(
    payments: Annotated[LazyFrame, FactPayments],
) -> Annotated[LazyFrame, AggMonthlyPayments]:
    """Sum the payments by month of purchase, method and number of instalments."""
    return payments.group_by("purchase_month", "payment_type", "payment_installments").agg(
        payments=pl.len().cast(pl.Int64),
        orders=col("order_id").n_unique().cast(pl.Int64),
        payment_value=col("payment_value").sum().cast(REAIS),
    )
