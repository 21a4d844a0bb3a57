"""gold.mart_monthly_sales."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import CALLED_OFF, DELIVERED, REAIS
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_reviews import FactReviews
from contracts.gold.mart_monthly_sales import MartMonthlySales
from transforms.gold.marts import review_scores
from transforms.gold.ratios import average, share


def mart_monthly_sales(
    orders: Annotated[LazyFrame, FactOrders],
    reviews: Annotated[LazyFrame, FactReviews],
) -> Annotated[LazyFrame, MartMonthlySales]:
    """Sum the orders of each month, and compare it with the calendar month before."""
    month = col("order_purchase_timestamp").dt.date().dt.month_start().alias("month")
    sold = orders.group_by(month).agg(
        col("items", "price", "freight_value").sum(),
        orders=pl.len(),
        orders_with_items=(col("items") > 0).sum(),
        gmv_called_off=col("price").filter(CALLED_OFF).sum(),
        delivered=DELIVERED.sum(),
        delivered_on_time=(DELIVERED & col("delivered_on_time")).sum(),
    )
    scored = review_scores(orders.select("order_id", month), reviews, "month")
    months = (
        sold.select(pl.date_ranges(col("month").min(), col("month").max(), "1mo").alias("month"))
        .explode("month")
        .drop_nulls()
    )
    counts = ("orders", "orders_with_items", "items", "delivered", "delivered_on_time", "reviews")
    return (
        months.join(sold, on="month", how="left")
        .join(scored, on="month", how="left")
        .sort("month")
        .with_columns(col("price", "gmv_called_off", "freight_value").fill_null(0).cast(REAIS))
        .select(
            col(counts).fill_null(0).cast(pl.Int64),
            "gmv_called_off",
            "freight_value",
            "review_score",
            purchase_month=col("month").dt.strftime("%Y-%m"),
            gmv="price",
            freight_share=share("freight_value", col("price") + col("freight_value")),
            average_order_value=average("price", "orders_with_items"),
            growth=share(col("price") - col("price").shift(), col("price").shift()),
            on_time_share=share("delivered_on_time", "delivered"),
        )
    )
