"""The explore page: numbers by month for a state and a period that the reader chooses."""

from typing import Any

import polars as pl
from polars import col

from contracts.gold.agg_monthly_orders import LAST_DAYS, LATER, NEVER, AggMonthlyOrders
from flows.site.charts.states import state_label
from flows.site.report.model import Frames, Page, PageSummary, Panel
from flows.site.report.reporting_month import drawn_months

_SUMS = ("orders", "gmv", "orders_with_items", "delivered", "on_time", "reviews", "stars")


def summarize(frames: Frames) -> PageSummary:
    """Say what the page is for."""
    if frames["explore"].is_empty():
        return PageSummary("No orders yet")
    return PageSummary("Numbers by month and state", ("Choose a state, a period and a number.",))


def explorer_data(frames: Frames) -> dict[str, Any]:
    """Return the sums of each state by month, as short as the page needs them.

    Returns:
        `months`: the names of the months; `states`: by abbreviation, the label of the state and a
        list for each of `sums`, with a number for each month.
    """
    months = drawn_months(frames["monthly-gmv"])["purchase_month"].to_list()
    every = pl.DataFrame({"purchase_month": months})
    sums = frames["explore"].with_columns(col("gmv").cast(pl.Float64))
    return {
        "months": months,
        "sums": _SUMS,
        "states": {
            state: [
                state_label(state),
                *(
                    column.to_list()
                    for column in every.join(rows, on="purchase_month", how="left")
                    .sort("purchase_month")
                    .select(_SUMS)
                    .fill_null(0)
                ),
            ]
            for (state,), rows in sums.sort("customer_state").group_by(
                "customer_state", maintain_order=True
            )
        },
    }


_LATE = [*(name for name, last_day in LAST_DAYS.items() if last_day > 0), LATER]

PANELS = (
    Panel(
        "explore",
        "Sums by month and state",
        "Sums of all orders by month of purchase and state of the customer.",
        f"""
SELECT purchase_month, customer_state, sum(orders)::BIGINT AS orders, sum(price) AS gmv,
       sum(orders_with_items)::BIGINT AS orders_with_items,
       coalesce(sum(orders) FILTER (lateness <> '{NEVER}'), 0)::BIGINT AS delivered,
       coalesce(sum(orders) FILTER (lateness NOT IN ('{NEVER}', '{"', '".join(_LATE)}')), 0)::BIGINT
           AS on_time,
       sum(reviews)::BIGINT AS reviews, sum(stars)::BIGINT AS stars
FROM gold.agg_monthly_orders
GROUP BY ALL
ORDER BY purchase_month, customer_state
""",  # noqa: S608 - the words are constants of the contract
        AggMonthlyOrders,
        wide=True,
        extra_definitions={
            "gmv": "Price of all items in BRL, without freight.",
            "delivered": "Number of delivered orders with a delivery date.",
            "on_time": "Number of orders delivered on the estimated calendar day or earlier.",
        },
    ),
)

PAGE = Page("explore.html", "Explore", summarize, PANELS, "explore.html", explorer_data)
