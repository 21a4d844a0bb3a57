"""gold.mart_monthly_targets."""

from typing import Annotated

from polars import LazyFrame

from contracts.gold.mart_monthly_sales import MartMonthlySales
from contracts.gold.mart_monthly_targets import MartMonthlyTargets
from contracts.silver.monthly_targets import MonthlyTargets
from transforms.gold.ratios import share


def mart_monthly_targets(
    targets: Annotated[LazyFrame, MonthlyTargets],
    sales: Annotated[LazyFrame, MartMonthlySales],
) -> Annotated[LazyFrame, MartMonthlyTargets]:
    """Compare the sales of each month with its target."""
    reached = sales.select("purchase_month", gmv_reached="gmv", orders_reached="orders")
    return targets.join(reached, on="purchase_month", how="left").select(
        "purchase_month",
        "gmv_target",
        "gmv_reached",
        "orders_target",
        "orders_reached",
        gmv_reached_share=share("gmv_reached", "gmv_target"),
        orders_reached_share=share("orders_reached", "orders_target"),
    )
