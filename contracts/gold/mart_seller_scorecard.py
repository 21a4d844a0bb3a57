"""The contract of gold.mart_seller_scorecard."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.gold.dim_seller import DimSeller
from contracts.gold.fact_sales import FactSales


class MartSellerScorecard(Gold, key=("seller_id",), scope=("seller_id",)):
    """One row per seller who ever sold an item, over all time.

    An order counts once for each of its sellers, however many items they have in it. Delivery and
    score are those of the whole order: of several sellers nobody knows who was late.
    """

    seller_id: str = column(references=DimSeller)
    orders: int = column(ge=1, description="Orders with an item of theirs.")
    units: int = column(
        ge=1, sums=(FactSales, col("order_id").is_not_null()), description="Items ordered."
    )
    sales: Money = column(
        ge=0, sums=(FactSales, col("price")), description="R$: price of the items, without freight."
    )
    freight_value: Money = column(
        ge=0, sums=(FactSales, col("freight_value")), description="R$: freight of the items."
    )
    called_off: int = column(ge=0, description="Orders canceled, or unavailable.")
    called_off_share: float = column(in_range=(0, 1), description="Of the orders.")
    delivered: int = column(ge=0, description="Orders that are delivered and say when.")
    on_time: int = column(ge=0, description="Delivered on the estimated calendar day or before.")
    on_time_share: float = column(in_range=(0, 1), nullable=True, description="Of the delivered.")
    mean_lag_days: float = column(
        ge=0, nullable=True, description="Calendar days from purchase to delivery, on average."
    )
    reviews: int = column(ge=0, description="Reviews of the orders.")
    review_score: float = column(
        in_range=(1, 5), nullable=True, description="The mean of those reviews, from 1 to 5."
    )
