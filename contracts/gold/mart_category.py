"""The contract of gold.mart_category."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.gold.agg_monthly_categories import AggMonthlyCategories


class MartCategory(Gold, key=("category",)):
    """One row per product category, over all time.

    All items ordered count, including those of orders called off. The sales of all categories add
    up to the GMV of all months.
    """

    category: str = column(
        description="Product category in English, in Portuguese if it has no translation, or "
        "`unknown` if the product has no category."
    )
    rank: int = column(
        ge=1, description="Rank by sales, from 1 (highest). Equal sales have equal ranks."
    )
    orders: int = column(
        ge=0,
        sums=(AggMonthlyCategories, col("orders")),
        description="Number of orders with at least one item of the category. Not additive: an "
        "order may have several categories.",
    )
    units: int = column(
        ge=1,
        sums=(AggMonthlyCategories, col("units")),
        description="Number of items ordered.",
    )
    sales: Money = column(
        ge=0,
        sums=(AggMonthlyCategories, col("sales")),
        description="Price of the items in BRL, without freight.",
    )
    sales_share: float = column(
        in_range=(0, 1),
        nullable=True,
        description="Sales as a fraction of the sales of all categories.",
    )
    freight_value: Money = column(
        ge=0,
        sums=(AggMonthlyCategories, col("freight_value")),
        description="Freight of the items in BRL.",
    )
    reviews: int = column(
        ge=0,
        sums=(AggMonthlyCategories, col("reviews")),
        description="Number of reviews of those orders. A review counts once per category.",
    )
    review_score: float = column(
        in_range=(1, 5), nullable=True, description="Mean review score, from 1 to 5."
    )
