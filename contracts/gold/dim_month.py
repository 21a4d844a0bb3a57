"""The contract of gold.dim_month."""

from pandera.engines.polars_engine import Date

from contracts.contract import Gold, column
from contracts.domain import MONTH


class DimMonth(Gold, key=("purchase_month",)):
    """One row per calendar month, without gaps, from the first order to the last."""

    purchase_month: str = column(str_matches=MONTH)
    first_day: Date = column(description="First day of the month.")
    last_day: Date = column(description="Last day of the month.")
