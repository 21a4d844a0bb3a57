"""The seller page: the months of one seller, whom the reader chooses, beside all sellers."""

from typing import Any

import polars as pl
from polars import col

from contracts.gold.agg_monthly_sellers import AggMonthlySellers
from flows.config.plural import pluralize
from flows.site.charts.states import state_label
from flows.site.report.model import Frames, Page, PageSummary, Panel
from flows.site.report.reporting_month import drawn_months

ROOM = 24_000
"""The months of sellers that fit on a page below 1 MB; each seller takes the room of two more."""

_LEAD = (
    "Type the beginning of a seller's id. Without one, the page shows the seller with the highest "
    "sales."
)
_SUMS = ("sales", "orders", "called_off", "delivered", "late", "reviews", "stars")


def summarize(frames: Frames) -> PageSummary:
    """Say what the page is for, and which sellers it leaves out."""
    months = frames["seller-months"]
    if months.is_empty():
        return PageSummary("No sales yet")
    sellers, shown = months["sellers"].item(0), months["seller_id"].n_unique()
    left_out = (
        f" The page has room for {shown:,} of {pluralize(sellers, 'seller')}, those with the "
        "highest sales. `keystone sql` shows the others: they are in `gold.agg_monthly_sellers`."
        if shown < sellers
        else ""
    )
    return PageSummary(
        "One seller compared with all sellers",
        (_LEAD,),
        remarks=(f"The source has no seller names, only ids.{left_out}",),
    )


def seller_data(frames: Frames) -> dict[str, Any]:
    """Return the sums of each seller by month, as short as the page needs them.

    Returns:
        `count`: the number of all sellers; `months`: the names of the months; `drawn`: the numbers
        of those that charts show; `states`: the labels of the states by abbreviation; `all`: for
        each of `sums`, a number for each month; `sellers`, the highest sales first: the id, the
        state, the numbers of the months with a sale, and for each of `sums` a number for each of
        them.
    """
    # A month without a sale has zeros: without it, charts would put its neighbours side by side.
    every = (
        frames["monthly-gmv"]
        .select("purchase_month")
        .join(_short(frames["all-sellers"]), on="purchase_month", how="full", coalesce=True)
        .sort("purchase_month")
        .fill_null(0)
    )
    months = every["purchase_month"].to_list()
    drawn = drawn_months(frames["monthly-gmv"])["purchase_month"].to_list()
    sellers = _short(frames["seller-months"]).with_columns(
        col("seller_state").fill_null(""),
        month=col("purchase_month").replace_strict(
            months, range(len(months)), return_dtype=pl.Int64
        ),
    )
    return {
        "count": sellers["sellers"].max(),
        "months": months,
        "drawn": [at for at, month in enumerate(months) if month in drawn],
        "sums": _SUMS,
        "states": {state: state_label(state) for state in sellers["seller_state"].unique().sort()},
        "all": [every[name].to_list() for name in _SUMS],
        "sellers": [
            list(row)
            for row in sellers.group_by("seller_id", "seller_state", maintain_order=True)
            .agg("month", *_SUMS)
            .iter_rows()
        ],
    }


def _short(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(col("sales").cast(pl.Float64))


_DEFINITIONS = {
    "sellers": "Number of sellers with a sale, in any month.",
    "late": "Number of orders delivered after the estimated calendar day.",
    "seller_state": "State of the seller; empty until the seller's record arrives.",
}

PANELS = (
    Panel(
        "seller-months",
        "Sums by seller and month",
        "Sums of the orders of each seller by month of purchase.",
        f"""
WITH ranked AS (
    SELECT seller_id, rank() OVER (ORDER BY sum(sales) DESC, seller_id) AS place,
           sum(count(*) + 2) OVER (ORDER BY sum(sales) DESC, seller_id) AS room,
           count(*) OVER () AS sellers
    FROM gold.agg_monthly_sellers
    GROUP BY seller_id
)
SELECT seller_id, seller_state, purchase_month, sales, orders, called_off, delivered,
       delivered - on_time AS late, reviews, stars, sellers
FROM gold.agg_monthly_sellers JOIN ranked USING (seller_id)
LEFT JOIN gold.dim_seller USING (seller_id)
WHERE room <= {ROOM}
ORDER BY place, purchase_month
""",  # noqa: S608 - the number is a constant of this module
        AggMonthlySellers,
        extra_definitions=_DEFINITIONS,
    ),
    Panel(
        "all-sellers",
        "Sums of all sellers by month",
        "Sums of the orders of all sellers by month of purchase. An order counts once for each of "
        "its sellers.",
        """
SELECT purchase_month, sum(sales) AS sales, sum(orders)::BIGINT AS orders,
       sum(called_off)::BIGINT AS called_off, sum(delivered)::BIGINT AS delivered,
       sum(delivered - on_time)::BIGINT AS late, sum(reviews)::BIGINT AS reviews,
       sum(stars)::BIGINT AS stars
FROM gold.agg_monthly_sellers
GROUP BY purchase_month
ORDER BY purchase_month
""",
        AggMonthlySellers,
        extra_definitions=_DEFINITIONS,
    ),
)

PAGE = Page("seller.html", "One seller", summarize, PANELS, "seller.html", seller_data)
