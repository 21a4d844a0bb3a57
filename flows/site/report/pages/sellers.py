"""The sellers page: concentration of sales, punctuality, scores, and the largest sellers."""

import polars as pl

from contracts.gold.mart_seller_scorecard import MartSellerScorecard
from flows.config.plural import pluralize
from flows.site.charts import marks
from flows.site.charts.axes import SHARE
from flows.site.charts.svg import AnyChart
from flows.site.formatting import DASH, percent, reais
from flows.site.report.model import Draw, Frames, Page, PageSummary, Panel, Tile, total

MIN_SAMPLE = 10
"""Deliveries or reviews that a seller needs before a share or a score of it counts."""

TOP, _TENTHS = 50, 10


def summarize(frames: Frames) -> PageSummary:
    """Return the share of sales of the top tenth of the sellers."""
    tenths = frames["concentration"]
    sellers, sales = total(tenths, "sellers"), total(tenths, "sales")
    if not sellers:
        return PageSummary("No sales yet")
    first = tenths.row(0, named=True)
    share = percent(first["sales_share"]) if first["sales_share"] else DASH
    definition = PANELS[0].definition
    sentence = (
        f"The top tenth of sellers ({first['sellers']:,} of {sellers:,}) accounts for {share} of "
        f"all sales."
    )
    tiles = (
        Tile("Sellers (vendedores)", f"{sellers:,}", definition("sellers"), "with a sale"),
        Tile("Sales (vendas)", reais(sales), definition("sales"), "in all months"),
        Tile("Top tenth", share, definition("sales_share"), pluralize(first["sellers"], "seller")),
        Tile("Sales per seller", reais(sales / sellers), definition("sales"), "on average"),
    )
    remark = (
        "Sales include orders that were called off later. The last table shows their share "
        "for the largest sellers."
    )
    return PageSummary(
        "Who sells, and how well", (sentence,) if sellers >= _TENTHS else (), tiles, (remark,)
    )


def _tenths(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = (
        "'tenth ' + datum.tenth + ': ' + format(datum.sales_share, '.1%') + ' of sales, R$ '"
        " + format(datum.sales, ',.2f')"
    )
    title = "tenths of the sellers, highest sales first"
    return marks.column_chart(
        frame, width, "tenth", "sales_share", tooltip, number_format=SHARE, title=title
    )


def _histogram(lower: str, step: float, number_format: str, unit: str, title: str) -> Draw:
    """Return a function that draws the number of sellers by a value of theirs.

    Args:
        lower: the column with the lower edge of each class of values.
        step: the width of a class.
        number_format: format of the values.
        unit: what follows a value in words.
        title: title of the horizontal axis.
    """
    tooltip = (
        f"{marks.plural('sellers', 'seller')} + ' from ' + format(datum.{lower}, '{number_format}')"
        f" + ' to ' + format(datum.upper, '{number_format}') + '{unit}'"
    )
    return lambda frame, width: marks.histogram(
        frame, width, (lower, step), "sellers", tooltip, number_format=number_format, title=title
    )


_SELLERS = {"sellers": "Number of sellers."}

PANELS = (
    Panel(
        "concentration",
        "Share of sales by tenth of the sellers",
        "Each column is a tenth of the sellers, from the highest sales to the lowest.",
        """
WITH ranked AS (
    SELECT sales, ntile(10) OVER (ORDER BY sales DESC, seller_id) AS tenth
    FROM gold.mart_seller_scorecard
)
SELECT tenth, count(*) AS sellers, sum(sales) AS sales,
       (sum(sales) / nullif((SELECT sum(sales) FROM ranked), 0))::DOUBLE AS sales_share
FROM ranked
GROUP BY tenth
ORDER BY tenth
""",
        MartSellerScorecard,
        _tenths,
        wide=True,
        extra_definitions={
            **_SELLERS,
            "tenth": "Group of a tenth of all sellers; group 1 has the highest sales.",
            "sales_share": "Share of the sales of all sellers.",
        },
    ),
    Panel(
        "sellers-on-time",
        "Sellers by on-time share",
        "Number of sellers by their share of deliveries on time. The last column includes 100%. "
        f"Only sellers with {MIN_SAMPLE} deliveries or more.",
        f"""
SELECT step / 20 AS on_time_from, count(seller_id) AS sellers
FROM range(20) AS steps(step)
LEFT JOIN gold.mart_seller_scorecard
    ON delivered >= {MIN_SAMPLE} AND least(20 * on_time // delivered, 19) = step
WHERE EXISTS (FROM gold.mart_seller_scorecard WHERE delivered >= {MIN_SAMPLE})
GROUP BY step
ORDER BY step
""",  # noqa: S608 - the number is a constant of this module
        MartSellerScorecard,
        _histogram("on_time_from", 0.05, ".0%", "", "share of deliveries on time"),
        extra_definitions={
            **_SELLERS,
            "on_time_from": "Share of a seller's deliveries that were on time, rounded down to "
            "a multiple of 5%.",
        },
    ),
    Panel(
        "sellers-score",
        "Sellers by review score",
        "Number of sellers by mean review score. The last column includes five stars. "
        f"Only sellers with {MIN_SAMPLE} reviews or more.",
        f"""
SELECT step / 2 AS score_from, count(seller_id) AS sellers
FROM range(2, 10) AS steps(step)
LEFT JOIN gold.mart_seller_scorecard
    ON reviews >= {MIN_SAMPLE} AND least(floor(2 * review_score), 9) = step
WHERE EXISTS (FROM gold.mart_seller_scorecard WHERE reviews >= {MIN_SAMPLE})
GROUP BY step
ORDER BY step
""",  # noqa: S608 - the number is a constant of this module
        MartSellerScorecard,
        _histogram("score_from", 0.5, ".1f", " stars", "mean review score"),
        extra_definitions={
            **_SELLERS,
            "score_from": "Mean review score of a seller, rounded down to half a star.",
        },
    ),
    Panel(
        "top-sellers",
        "Largest sellers",
        f"The {TOP} sellers with the highest sales. The source has no seller names, only ids. "
        "Click an id to see the months of the seller.",
        f"""
SELECT seller_id, seller_state, sales, orders, units, called_off_share, delivered, on_time_share,
       mean_lag_days, reviews, review_score
FROM gold.mart_seller_scorecard LEFT JOIN gold.dim_seller USING (seller_id)
ORDER BY sales DESC, seller_id
LIMIT {TOP}
""",  # noqa: S608 - the number is a constant of this module
        MartSellerScorecard,
        wide=True,
        extra_definitions={
            "seller_state": "State of the seller; empty until the seller's record arrives.",
        },
    ),
)

PAGE = Page("sellers.html", "Sellers", summarize, PANELS)
