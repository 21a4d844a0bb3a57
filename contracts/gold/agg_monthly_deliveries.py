"""The contract of gold.agg_monthly_deliveries."""

from contracts.contract import Gold, column
from contracts.domain import DELIVERED, MONTH, MOST, MOST_DAYS, STATES, UNKNOWN
from contracts.gold.fact_orders import FactOrders


class AggMonthlyDeliveries(
    Gold,
    key=("purchase_month", "customer_state", "delivery_lag_days"),
    incremental_key=("purchase_month",),
):
    """One row per month of purchase, state and days to delivery, with the delivered orders.

    These counts yield means and percentiles for any months and states.
    """

    purchase_month: str = column(str_matches=MONTH)
    customer_state: str = column(
        isin=(*STATES, UNKNOWN),
        description="State of the customers (UF), or `unknown` until a customer's record arrives.",
    )
    delivery_lag_days: int = column(
        in_range=(0, MOST_DAYS), description="Calendar days from purchase to delivery."
    )
    delivered: int = column(
        in_range=(1, MOST),
        sums=(FactOrders, DELIVERED),
        description="Number of delivered orders with a delivery date.",
    )
