"""gold.mart_monthly_sales."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS
from contracts.gold.agg_monthly_orders import IS_LATE, NEVER, AggMonthlyOrders
from contracts.gold.mart_monthly_sales import MartMonthlySales
from transforms.gold.dates import first_day
from transforms.gold.ratios import average, share

COUNTS = ("orders", "orders_with_items", "items", "delivered", "delivered_on_time", "reviews")


def mart_monthly_sales(
    orders: Annotated[LazyFrame, AggMonthlyOrders],
) -> Annotated[LazyFrame, MartMonthlySales]:
    """Sum the orders of each month, and compare it with the calendar month before."""
    month = first_day("purchase_month")
    is_delivered = col("lateness") != NEVER
    sold = orders.group_by(month=month).agg(
        col("orders", "orders_with_items", "items", "freight_value", "reviews", "stars").sum(),
        gmv=col("price").sum(),
        gmv_called_off=col("price_called_off").sum(),
        delivered=col("orders").filter(is_delivered).sum(),
        delivered_on_time=col("orders").filter(is_delivered, ~IS_LATE).sum(),
    )
    months = (
        orders.select(month=pl.date_ranges(month.min(), month.max(), "1mo"))
        .explode("month")
        .drop_nulls()
    )
    return (
        months.join(sold, on="month", how="left")
        .sort("month")
        .with_columns(
            col(COUNTS).fill_null(0),
            col("gmv", "gmv_called_off", "freight_value").fill_null(0).cast(REAIS),
        )
        .select(
            *COUNTS,
            "gmv",
            "gmv_called_off",
            "freight_value",
            purchase_month=col("month").dt.strftime("%Y-%m"),
            freight_share=share("freight_value", col("gmv") + col("freight_value")),
            average_order_value=average("gmv", "orders_with_items"),
            growth=share(col("gmv") - col("gmv").shift(), col("gmv").shift()),
            on_time_share=share("delivered_on_time", "delivered"),
            review_score=share("stars", "reviews"),
        )
    )
