"""gold.fact_order_milestones."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import ORDER_STATUSES
from contracts.gold.fact_order_milestones import FactOrderMilestones
from contracts.silver.orders import Orders
from transforms.gold.dates import hours_between, month
from transforms.wall_clock import to_wall_clock

TIMES = {
    "created": "order_purchase_timestamp",
    "approved": "order_approved_at",
    "shipped": "order_delivered_carrier_date",
    "delivered": "order_delivered_customer_date",
}
"""By status, the column of an order that says when the order has reached it."""

OTHERS = [status for status in ORDER_STATUSES if status not in TIMES]


def fact_order_milestones(
    orders: Annotated[LazyFrame, Orders],
    order_history: Annotated[LazyFrame, Orders.history()],
) -> Annotated[LazyFrame, FactOrderMilestones]:
    """Find when each order reached each of its statuses, and when the next one came."""
    others = (
        order_history.filter(col("order_status").is_in(OTHERS))
        .group_by("order_id")
        .agg(_first(status) for status in OTHERS)
    )
    # One row per order, with a time per status: quicker than sorting the milestones of all orders.
    reached = orders.select(
        "order_id", purchase_month=month("order_purchase_timestamp"), **TIMES
    ).join(others, on="order_id", how="left")
    milestones = pl.concat(
        reached.select(
            "order_id",
            "purchase_month",
            order_status=pl.lit(status),
            entered_at=status,
            left_at=_next_after(status),
        ).drop_nulls("entered_at")
        for status in ORDER_STATUSES
    )
    return milestones.with_columns(hours=hours_between("entered_at", "left_at"))


def _first(status: str) -> pl.Expr:
    """Return when the history first has a status."""
    return to_wall_clock(col("valid_from").filter(order_status=status).min()).alias(status)


def _next_after(status: str) -> pl.Expr:
    """Return when the next milestone came; simultaneous ones are in the order of statuses."""
    position = ORDER_STATUSES.index(status)
    earlier, later = ORDER_STATUSES[:position], ORDER_STATUSES[position + 1 :]
    return pl.min_horizontal(
        *(pl.when(col(other) > col(status)).then(other) for other in earlier),
        *(pl.when(col(other) >= col(status)).then(other) for other in later),
    )
