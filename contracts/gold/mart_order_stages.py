"""The contract of gold.mart_order_stages."""

import polars as pl
from polars import col

from contracts.contract import Gold, Hours, column, rule
from contracts.domain import MONTH, STATES, UNKNOWN

STAGES = {
    "approval": ("order_purchase_timestamp", "order_approved_at"),
    "handling": ("order_approved_at", "order_delivered_carrier_date"),
    "transport": ("order_delivered_carrier_date", "order_delivered_customer_date"),
}
"""By stage of an order, the columns with its start and its end."""


class MartOrderStages(
    Gold,
    key=("purchase_month", "stage", "seller_state"),
    incremental_key=("purchase_month",),
):
    """One row per month of purchase, stage and state of the sellers: how long orders wait.

    An order counts in each stage that it has passed, once for each state of its sellers. The source
    has a few stages that end before they begin; their hours are negative.
    """

    purchase_month: str = column(str_matches=MONTH)
    stage: str = column(
        isin=tuple(STAGES),
        description="Stage of the order: `approval` (until the payment is approved), `handling` "
        "(until the carrier has it) or `transport` (until delivery).",
    )
    seller_state: str = column(
        isin=(*STATES, UNKNOWN),
        description="State of the seller (UF), or `unknown` until the seller's record arrives.",
    )
    orders: int = column(ge=1, description="Number of orders that have passed the stage.")
    median_hours: Hours = column(description="Median of the hours that the stage took.")
    p90_hours: Hours = column(description="90th percentile of the hours that the stage took.")

    @rule
    def median_is_at_most_p90(cls) -> pl.Expr:
        """The median is at most the 90th percentile."""
        return col("median_hours") <= col("p90_hours")
