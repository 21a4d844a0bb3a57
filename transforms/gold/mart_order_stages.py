"""gold.mart_order_stages."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import UNKNOWN
from contracts.gold.dim_seller import DimSeller
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_order_stages import STAGES, MartOrderStages
from transforms.gold.dates import hours


def mart_order_stages(
    orders: Annotated[LazyFrame, FactOrders],
    sales: Annotated[LazyFrame, FactSales],
    sellers: Annotated[LazyFrame, DimSeller],
) -> Annotated[LazyFrame, MartOrderStages]:
    """Take the median and the 90th percentile of each stage, by month and state of the sellers."""
    states = sellers.select("seller_id", col("seller_state").fill_null(UNKNOWN))
    order_states = (
        sales.filter("is_first_of_seller")
        .join(states, on="seller_id")
        .select("order_id", "purchase_month", "seller_state")
        .unique()
    )
    seconds = {
        stage: (col(end) - col(start)).dt.total_seconds() for stage, (start, end) in STAGES.items()
    }
    # The stages are columns until they are aggregated: a row for each takes twice the memory.
    stages = (
        orders.select("order_id", "purchase_month", **seconds)
        .join(order_states, on=["order_id", "purchase_month"])
        .group_by("purchase_month", "seller_state")
        .agg(
            col(STAGES).is_not_null().sum().cast(pl.Int64).name.prefix("orders_"),
            _percentile(0.5).name.prefix("median_"),
            _percentile(0.9).name.prefix("p90_"),
        )
    )
    return pl.concat(
        stages.select(
            "purchase_month",
            "seller_state",
            stage=pl.lit(stage),
            orders=f"orders_{stage}",
            median_hours=f"median_{stage}",
            p90_hours=f"p90_{stage}",
        )
        for stage in STAGES
    ).drop_nulls("median_hours")


def _percentile(share: float) -> pl.Expr:
    """Return the smallest of the values that such a share of them does not exceed, in hours."""
    return hours(col(STAGES).quantile(share, "equiprobable").cast(pl.Int64))
