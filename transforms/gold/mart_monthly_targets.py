"""gold.mart_monthly_targets."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_monthly_orders import AggMonthlyOrders
from contracts.gold.mart_monthly_targets import MartMonthlyTargets
from contracts.silver.monthly_targets import MonthlyTargets
from transforms.gold.ratios import share


def mart_monthly_targets(
    targets: Annotated[LazyFrame, MonthlyTargets],
    orders: Annotated[LazyFrame, AggMonthlyOrders],
) -> Annotated[LazyFrame, MartMonthlyTargets]:
    """Compare the sales of each month with its target."""
    sold = orders.group_by("purchase_month").agg(
        gmv_reached=col("price").sum(), orders_reached=col("orders").sum()
    )
    span = orders.select(first=col("purchase_month").min(), last=col("purchase_month").max())
    has_begun = col("purchase_month").is_between("first", "last")
    return (
        targets.join(sold, on="purchase_month", how="left")
        .join(span, how="cross")
        .with_columns(
            pl.when(has_begun).then(col("gmv_reached").fill_null(0)).cast(REAIS),
            pl.when(has_begun).then(col("orders_reached").fill_null(0)),
        )
        .select(
            "purchase_month",
            "gmv_target",
            "gmv_reached",
            "orders_target",
            "orders_reached",
            gmv_reached_share=share("gmv_reached", "gmv_target"),
            orders_reached_share=share("orders_reached", "orders_target"),
        )
    )
