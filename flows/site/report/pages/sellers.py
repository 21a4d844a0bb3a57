"""Who sells, how much of it, and how well."""

import polars as pl
from polars import col

from contracts.gold.mart_seller_scorecard import MartSellerScorecard
from flows.config.plural import pluralize
from flows.site.charts import marks
from flows.site.charts.marks import COUNT, SHARE
from flows.site.charts.svg import AnyChart
from flows.site.formatting import DASH, percent, reais
from flows.site.report.model import Figure, Frames, Page, Tile, Told, total

ENOUGH = 10
"""Deliveries or reviews that a seller needs to be counted where shares and scores are."""

TOP, _TENTHS = 50, 10


def tell(frames: Frames) -> Told:
    """Say how much of the sales the top tenth of the sellers makes."""
    tenths = frames["concentration"]
    sellers, sales = total(tenths, "sellers"), total(tenths, "sales")
    if not sellers:
        return Told("Nobody has sold yet")
    first = tenths.row(0, named=True)
    share = percent(first["sales_share"]) if first["sales_share"] else DASH
    means = FIGURES[0].means
    sentence = (
        f"The {first['sellers']:,} sellers who sell most, a tenth of all {sellers:,}, make {share} "
        f"of the sales."
    )
    tiles = (
        Tile("Sellers (vendedores)", f"{sellers:,}", means("sellers"), "who ever sold"),
        Tile("Sales (vendas)", reais(sales), means("sales"), "over all time"),
        Tile("Top tenth", share, means("sales_share"), pluralize(first["sellers"], "seller")),
        Tile("Sales per seller", reais(sales / sellers), means("sales"), "on average"),
    )
    remark = (
        "Sales count orders that were called off, too. The last table says what share of a "
        "seller's orders that was."
    )
    return Told(
        "Who sells, and how well", (sentence,) if sellers >= _TENTHS else (), tiles, (remark,)
    )


def _tenths(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = (
        "'tenth ' + datum.tenth + ': ' + format(datum.sales_share, '.1%') + ' of sales, R$ '"
        " + format(datum.sales, ',.2f')"
    )
    title = "tenths of the sellers, those who sell most first"
    return marks.columns(frame, width, "tenth", "sales_share", tip, form=SHARE, title=title)


def _on_time(frame: pl.DataFrame, width: int) -> AnyChart:
    percents = (col("on_time_from") * 100).round().cast(pl.Int64)
    named = frame.with_columns(at=pl.format("{}%", percents))
    tip = marks.plural("sellers", "seller") + " + ' from ' + datum.at"
    title = "share delivered on time, in steps of five points"
    return marks.columns(named, width, "at", "sellers", tip, form=COUNT, title=title)


def _scores(frame: pl.DataFrame, width: int) -> AnyChart:
    named = frame.with_columns(at=col("score_from").round(1).cast(pl.String))
    tip = marks.plural("sellers", "seller") + " + ' from ' + datum.at + ' stars'"
    title = "review score, in steps of half a star"
    return marks.columns(named, width, "at", "sellers", tip, form=COUNT, title=title)


_SELLERS = {"sellers": "How many sellers."}

FIGURES = (
    Figure(
        "concentration",
        "How sales are spread over sellers",
        "Each column is a tenth of the sellers.",
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
        also={
            **_SELLERS,
            "tenth": "All sellers in ten groups of the same size; the first sells most.",
            "sales_share": "Of the sales of all sellers.",
        },
    ),
    Figure(
        "sellers-on-time",
        "Sellers by share delivered on time",
        "How many sellers deliver so well; the last column is those who are always on time. Only "
        f"sellers with {ENOUGH} deliveries or more.",
        f"""
SELECT step / 20 AS on_time_from, count(seller_id) AS sellers
FROM range(21) AS steps(step)
LEFT JOIN gold.mart_seller_scorecard
    ON delivered >= {ENOUGH} AND 20 * on_time // delivered = step
WHERE EXISTS (FROM gold.mart_seller_scorecard WHERE delivered >= {ENOUGH})
GROUP BY step
ORDER BY step
""",  # noqa: S608 - a number of ours
        MartSellerScorecard,
        _on_time,
        also={
            **_SELLERS,
            "on_time_from": "The share of a seller's deliveries that came on time, rounded down "
            "to five points.",
        },
    ),
    Figure(
        "sellers-score",
        "Sellers by review score",
        "How many sellers are liked so well; the last column is those who are given nothing but "
        f"five stars. Only sellers with {ENOUGH} reviews or more.",
        f"""
SELECT step / 2 AS score_from, count(seller_id) AS sellers
FROM range(2, 11) AS steps(step)
LEFT JOIN gold.mart_seller_scorecard ON reviews >= {ENOUGH} AND floor(2 * review_score) = step
WHERE EXISTS (FROM gold.mart_seller_scorecard WHERE reviews >= {ENOUGH})
GROUP BY step
ORDER BY step
""",  # noqa: S608 - a number of ours
        MartSellerScorecard,
        _scores,
        also={**_SELLERS, "score_from": "The mean score of a seller, rounded down to half a star."},
    ),
    Figure(
        "top-sellers",
        "The sellers who sell most",
        f"At most {TOP}. Sellers are known by an id alone, of which the first eight digits are "
        "shown.",
        f"""
SELECT seller_id, seller_state, sales, orders, units, called_off_share, delivered, on_time_share,
       mean_lag_days, reviews, review_score
FROM gold.mart_seller_scorecard LEFT JOIN gold.dim_seller USING (seller_id)
ORDER BY sales DESC, seller_id
LIMIT {TOP}
""",  # noqa: S608 - a number of ours
        MartSellerScorecard,
        wide=True,
        also={
            "seller_state": "Where the seller is; empty until the seller's record comes.",
        },
    ),
)

PAGE = Page("sellers.html", "Sellers", tell, FIGURES)
