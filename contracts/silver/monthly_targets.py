"""The contract of silver.monthly_targets."""

from contracts.contract import Money, Silver, column
from contracts.domain import MONTH


class MonthlyTargets(Silver, key=("purchase_month",)):
    """One row per month of purchase that has a target. A later record of a month replaces it."""

    purchase_month: str = column(str_matches=MONTH)
    gmv_target: Money = column(
        gt=0, description="Target of the gross merchandise value of the month in BRL."
    )
    orders_target: int = column(
        ge=1, nullable=True, description="Target of the number of orders of the month."
    )
