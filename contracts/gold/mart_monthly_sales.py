"""The contract of gold.mart_monthly_sales."""

from datetime import timedelta

from polars import col

from contracts.contract import Gold, Money, column
from contracts.domain import MONTH
from contracts.gold.agg_monthly_orders import IS_LATE, NEVER, AggMonthlyOrders


class MartMonthlySales(Gold, key=("purchase_month",), fresh=timedelta(hours=30)):
    """One row per month of purchase, without gaps, from the first order to the last.

    The first and the last month may be incomplete. An order counts in its month of purchase, even
    if it was called off later.
    """

    purchase_month: str = column(str_matches=MONTH)
    orders: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("orders")),
        description="Number of orders, including those without items and those called off.",
    )
    orders_with_items: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("orders_with_items")),
        description="Number of orders with at least one item.",
    )
    items: int = column(
        ge=0, sums=(AggMonthlyOrders, col("items")), description="Number of items ordered."
    )
    gmv: Money = column(
        ge=0,
        sums=(AggMonthlyOrders, col("price")),
        description="Gross merchandise value in BRL: price of all items, without freight, "
        "including orders called off.",
    )
    gmv_called_off: Money = column(
        ge=0,
        sums=(AggMonthlyOrders, col("price_called_off")),
        description="GMV of the orders called off (canceled or unavailable) in BRL.",
    )
    freight_value: Money = column(
        ge=0,
        sums=(AggMonthlyOrders, col("freight_value")),
        description="Freight of all items in BRL.",
    )
    freight_share: float = column(
        in_range=(0, 1), nullable=True, description="Freight as a fraction of price plus freight."
    )
    average_order_value: Money = column(
        ge=0,
        nullable=True,
        description="GMV per order with items in BRL.",
    )
    growth: float = column(
        nullable=True,
        description="Growth of GMV over the calendar month before, as a fraction. Null in the "
        "first month and after a month without sales.",
    )
    delivered: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("orders").filter(col("lateness") != NEVER)),
        description="Number of delivered orders with a delivery date.",
    )
    delivered_on_time: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("orders").filter(col("lateness") != NEVER, ~IS_LATE)),
        description="Number of orders delivered on the estimated calendar day or earlier.",
    )
    on_time_share: float = column(
        in_range=(0, 1),
        nullable=True,
        description="Orders on time as a fraction of those delivered.",
    )
    reviews: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("reviews")),
        description="Number of reviews of the month's orders, whenever they were written.",
    )
    review_score: float = column(
        in_range=(1, 5), nullable=True, description="Mean review score, from 1 to 5."
    )
