"""The contract of gold.agg_monthly_categories."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import MONTH, MOST, STARS_FIT_REVIEWS
from contracts.gold.fact_sales import FactSales


class AggMonthlyCategories(
    Gold, key=("purchase_month", "category"), incremental_key=("purchase_month",)
):
    """One row per month of purchase and product category, with sums over the items."""

    purchase_month: str = column(str_matches=MONTH)
    category: str = column(
        description="Product category in English, in Portuguese if it has no translation, or "
        "`unknown` if the product has no category."
    )
    orders: int = column(
        in_range=(0, MOST),
        sums=(FactSales, col("is_first_of_category")),
        description="Number of orders with at least one item of the category. Not additive: an "
        "order may have several categories.",
    )
    units: int = column(
        in_range=(1, MOST),
        sums=(FactSales, col("order_id").is_not_null()),
        description="Number of items ordered.",
    )
    sales: Money = column(
        ge=0,
        sums=(FactSales, col("price")),
        description="Price of the items in BRL, without freight.",
    )
    freight_value: Money = column(
        ge=0, sums=(FactSales, col("freight_value")), description="Freight of the items in BRL."
    )
    reviews: int = column(
        sums=(FactSales, col("reviews").filter("is_first_of_category")),
        description="Number of reviews of those orders. A review counts once per category.",
    )
    stars: int = column(
        in_range=(0, MOST),
        sums=(FactSales, col("stars").filter("is_first_of_category")),
        description="Sum of the scores of those reviews.",
    )

    @rule
    def stars_fit_the_reviews(cls) -> pl.Expr:
        """A review has one to five stars."""
        return STARS_FIT_REVIEWS
