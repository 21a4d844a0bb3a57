"""The contract of gold.mart_category."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.gold.fact_sales import FactSales


class MartCategory(Gold, key=("category",)):
    """One row per product category, over all time.

    All items ordered count, those of orders called off among them: so the categories add up to the
    GMV of all months.
    """

    category: str = column(
        description="In English; in Portuguese where there is no translation, `unknown` where the "
        "product has none."
    )
    rank: int = column(ge=1, description="By sales, the highest is 1; equal sales, equal rank.")
    orders: int = column(
        ge=1,
        description="Orders with an item of the category. One may be in several categories: do not "
        "add them up.",
    )
    units: int = column(
        ge=1, sums=(FactSales, col("order_id").is_not_null()), description="Items ordered."
    )
    sales: Money = column(
        ge=0, sums=(FactSales, col("price")), description="R$: price of the items, without freight."
    )
    sales_share: float = column(
        in_range=(0, 1), nullable=True, description="Of the sales of all categories."
    )
    freight_value: Money = column(
        ge=0, sums=(FactSales, col("freight_value")), description="R$: freight of the items."
    )
    reviews: int = column(
        ge=0,
        description="Reviews of those orders. Each counts once, however many items of the category "
        "the order has.",
    )
    review_score: float = column(
        in_range=(1, 5), nullable=True, description="The mean score of its reviews, from 1 to 5."
    )
