"""The contract of gold.mart_monthly_targets."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.domain import MONTH
from contracts.silver.monthly_targets import MonthlyTargets


class MartMonthlyTargets(Gold, key=("purchase_month",)):
    """One row per month of purchase that has a target, compared with its sales.

    The month of the newest order may be incomplete. The reached values are null before the month of
    the first order and after that of the newest one.
    """

    purchase_month: str = column(str_matches=MONTH)
    gmv_target: Money = column(
        gt=0,
        sums=(MonthlyTargets, col("gmv_target")),
        description="Target of the gross merchandise value of the month in BRL.",
    )
    gmv_reached: Money = column(
        ge=0, nullable=True, description="`gmv` of the month in `gold.mart_monthly_sales`, in BRL."
    )
    gmv_reached_share: float = column(
        ge=0, nullable=True, description="Reached GMV as a fraction of the target."
    )
    orders_target: int = column(
        ge=1,
        nullable=True,
        sums=(MonthlyTargets, col("orders_target")),
        description="Target of the number of orders of the month.",
    )
    orders_reached: int = column(
        ge=0, nullable=True, description="`orders` of the month in `gold.mart_monthly_sales`."
    )
    orders_reached_share: float = column(
        ge=0, nullable=True, description="Reached number of orders as a fraction of the target."
    )
