"""The contract of gold.fact_order_milestones."""

import polars as pl
from polars import col

from contracts.contract import Gold, Hours, Timestamp, column, rule
from contracts.domain import MONTH, ORDER_STATUSES


class FactOrderMilestones(
    Gold,
    key=("order_id", "order_status"),
    incremental_key=("order_id",),
    partition_by=("purchase_month",),
):
    """One row per order and status that it has reached.

    The order itself says when it was created, approved, shipped and delivered. The other statuses
    begin when they first appear in the history of the orders: at the time of the event, or of the
    first file with the status. An order that returns to a status has one row for it.
    """

    order_id: str = column()
    order_status: str = column(
        isin=ORDER_STATUSES, description="Status that the order has reached."
    )
    purchase_month: str = column(str_matches=MONTH)
    entered_at: Timestamp = column(description="Time when the order reached the status.")
    left_at: Timestamp = column(
        nullable=True,
        description="Time of the order's next milestone. Null while the order has the status.",
    )
    hours: Hours = column(
        ge=0,
        nullable=True,
        description="Hours until the next milestone. Null while the order has the status.",
    )

    @rule
    def hours_are_those_in_the_status(cls) -> pl.Expr:
        """The hours are null exactly while the order has the status."""
        return col("hours").is_null() == col("left_at").is_null()

    @rule
    def entered_before_left(cls) -> pl.Expr:
        """The order does not leave a status before it enters it."""
        return col("entered_at") <= col("left_at")
