"""The contract of gold.mart_delivery_by_state."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.domain import CALLED_OFF, DELIVERED, STATES, UNKNOWN
from contracts.gold.fact_orders import FactOrders

OVERDUE = (
    ~CALLED_OFF
    & (col("order_status") != "delivered")
    & (
        col("order_estimated_delivery_date").dt.date()
        < col("order_purchase_timestamp").max().dt.date()
    )
)
"""An order estimated before the day of the newest order, and neither delivered nor called off."""


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
        sums=(FactOrders, col("order_id").is_not_null()),
        description="Number of orders, including those called off.",
    )
    delivered: int = column(
        ge=0,
        sums=(FactOrders, DELIVERED),
        description="Number of delivered orders with a delivery date.",
    )
    on_time: int = column(
        ge=0,
        sums=(FactOrders, DELIVERED & col("delivered_on_time")),
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
        sums=(FactOrders, DELIVERED & (col("days_past_estimate") > 0)),
        description="Number of orders delivered after the estimated calendar day.",
    )
    mean_days_late: float = column(
        ge=1,
        nullable=True,
        description="Mean of the calendar days after the estimate, of late orders only.",
    )
    overdue: int = column(
        ge=0,
        sums=(FactOrders, OVERDUE),
        description="Number of orders neither delivered nor called off, with an estimate before "
        "the day of the newest order.",
    )
    reviews: int = column(ge=0, description="Number of reviews of delivered orders.")
    review_score: float = column(
        in_range=(1, 5),
        nullable=True,
        description="Mean review score of delivered orders, from 1 to 5.",
    )
    gmv: Money = column(
        ge=0,
        sums=(FactOrders, col("price")),
        description="Gross merchandise value in BRL: price of all items.",
    )
    freight_value: Money = column(
        ge=0, sums=(FactOrders, col("freight_value")), description="Freight of all items in BRL."
    )
    freight_share: float = column(
        in_range=(0, 1), nullable=True, description="Freight as a fraction of price plus freight."
    )
    freight_per_order: Money = column(
        ge=0, nullable=True, description="Freight per order with items in BRL."
    )
