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
"""An order that should have come before the day of the newest order, and has not."""


class MartDeliveryByState(Gold, key=("customer_state",)):
    """One row per state that orders were sent to, over all time.

    Late is a matter of the calendar: the estimate is a date at midnight, and who compares it with
    the hour of delivery calls each parcel of that day late. Shares and scores are of what was
    delivered; what is overdue is in none of them.
    """

    customer_state: str = column(
        isin=(*STATES, UNKNOWN),
        description="Of the customer; `unknown` until the customer's record comes.",
    )
    orders: int = column(
        ge=1,
        sums=(FactOrders, col("order_id").is_not_null()),
        description="Orders placed, whatever became of them.",
    )
    delivered: int = column(
        ge=0,
        sums=(FactOrders, DELIVERED),
        description="Orders that are delivered and say when.",
    )
    on_time: int = column(
        ge=0,
        sums=(FactOrders, DELIVERED & col("delivered_on_time")),
        description="Delivered on the estimated calendar day or before.",
    )
    on_time_share: float = column(in_range=(0, 1), nullable=True, description="Of the delivered.")
    mean_lag_days: float = column(
        ge=0, nullable=True, description="Calendar days from purchase to delivery, on average."
    )
    p90_lag_days: float = column(
        ge=0,
        nullable=True,
        description="Nine of ten deliveries took as many calendar days or fewer.",
    )
    late: int = column(
        ge=0,
        sums=(FactOrders, DELIVERED & (col("days_past_estimate") > 0)),
        description="Delivered behind the estimated calendar day.",
    )
    mean_days_late: float = column(
        ge=1,
        nullable=True,
        description="Calendar days behind the estimate, on average of the late alone.",
    )
    overdue: int = column(
        ge=0,
        sums=(FactOrders, OVERDUE),
        description="Neither delivered nor called off, though the newest order is of a day behind "
        "the estimate.",
    )
    reviews: int = column(ge=0, description="Reviews of the delivered orders.")
    review_score: float = column(
        in_range=(1, 5),
        nullable=True,
        description="The mean score of the reviews of delivered orders, from 1 to 5.",
    )
    gmv: Money = column(
        ge=0, sums=(FactOrders, col("price")), description="R$: price of all items ordered."
    )
    freight_value: Money = column(
        ge=0, sums=(FactOrders, col("freight_value")), description="R$: freight of all items."
    )
    freight_share: float = column(
        in_range=(0, 1), nullable=True, description="Freight, of price and freight together."
    )
    freight_per_order: Money = column(
        ge=0, nullable=True, description="R$: freight per order that has items."
    )
