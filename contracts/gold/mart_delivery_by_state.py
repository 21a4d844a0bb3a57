"""The contract of gold.mart_delivery_by_state."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.domain import STATES, UNKNOWN
from contracts.gold.agg_monthly_orders import IS_LATE, NEVER, AggMonthlyOrders

IS_OVERDUE = (col("due_date_key") > 0) & (col("due_date_key") < col("last_date_key").max())
"""The orders are due before the day of the newest order, and neither delivered nor called off."""


class MartDeliveryByState(Gold, key=("customer_state",)):
    """One row per state of the customers, over all time.

    Lateness is counted in calendar days: the estimate is a day, stored as its midnight, so a
    comparison of timestamps would call every delivery on that day late. Shares and scores count
    delivered orders only, so overdue orders are not in them.
    """

    customer_state: str = column(
        isin=(*STATES, UNKNOWN),
        description="State of the customer (UF), or `unknown` until the customer's record arrives.",
    )
    orders: int = column(
        ge=1,
        sums=(AggMonthlyOrders, col("orders")),
        description="Number of orders, including those called off.",
    )
    delivered: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("orders").filter(col("lateness") != NEVER)),
        description="Number of delivered orders with a delivery date.",
    )
    on_time: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("orders").filter(col("lateness") != NEVER, ~IS_LATE)),
        description="Number of orders delivered on the estimated calendar day or earlier.",
    )
    on_time_share: float = column(
        in_range=(0, 1),
        nullable=True,
        description="Orders on time as a fraction of those delivered.",
    )
    mean_lag_days: float = column(
        ge=0, nullable=True, description="Mean of the calendar days from purchase to delivery."
    )
    p90_lag_days: float = column(
        ge=0,
        nullable=True,
        description="90th percentile of the calendar days from purchase to delivery.",
    )
    late: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("orders").filter(IS_LATE)),
        description="Number of orders delivered after the estimated calendar day.",
    )
    mean_days_late: float = column(
        ge=1,
        nullable=True,
        description="Mean of the calendar days after the estimate, of late orders only.",
    )
    overdue: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("orders").filter(IS_OVERDUE)),
        description="Number of orders neither delivered nor called off, with an estimated "
        "delivery before the day of the newest order.",
    )
    reviews: int = column(
        ge=0,
        sums=(AggMonthlyOrders, col("reviews").filter(col("lateness") != NEVER)),
        description="Number of reviews of delivered orders.",
    )
    review_score: float = column(
        in_range=(1, 5),
        nullable=True,
        description="Mean review score of delivered orders, from 1 to 5.",
    )
    gmv: Money = column(
        ge=0,
        sums=(AggMonthlyOrders, col("price")),
        description="Gross merchandise value in BRL: price of all items, without freight.",
    )
    freight_value: Money = column(
        ge=0,
        sums=(AggMonthlyOrders, col("freight_value")),
        description="Freight of all items in BRL.",
    )
    freight_share: float = column(
        in_range=(0, 1), nullable=True, description="Freight as a fraction of price plus freight."
    )
    freight_per_order: Money = column(
        ge=0, nullable=True, description="Freight per order with items in BRL."
    )
