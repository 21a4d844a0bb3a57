"""Who buys, and whether people come back."""

import altair as alt
import polars as pl
from polars import col

from contracts.gold.mart_cohort_retention import MartCohortRetention
from contracts.gold.mart_customer_rfm import MartCustomerRfm
from flows.config.plural import pluralize
from flows.site.charts import marks
from flows.site.charts.marks import STEPS
from flows.site.charts.svg import AnyChart
from flows.site.formatting import DASH, percent, reais
from flows.site.report.model import DESK, Figure, Frames, Page, Tile, Told, total

ENOUGH = 50
"""People that a cohort needs to be drawn."""


def tell(frames: Frames) -> Told:
    """Say how many people buy, how many of them again, and what they spend."""
    segments = frames["segments"]
    people, bought, again = (total(segments, name) for name in ("people", "bought", "again"))
    if not people:
        return Told("Nobody has bought yet")
    spent = total(segments, "monetary")
    best = segments.sort("monetary", "segment", descending=[True, False]).row(0, named=True)
    shares = percent(best["monetary"] / spent) if spent else "nothing"
    sentence = (
        f"Of {pluralize(bought, 'person', 'people')} who bought, {again:,} bought more than once: "
        f"{percent(again / bought)}. The segment “{best['segment']}” spent most: {shares} of the "
        f"money."
        if bought
        else "Everything that was ordered was called off."
    )
    means = FIGURES[0].means
    return Told(
        "Who buys, and who comes back",
        (sentence,),
        (
            Tile("People (clientes)", f"{people:,}", _PERSON, "who ever ordered"),
            Tile("Bought", f"{bought:,}", means("bought"), "at least once"),
            Tile(
                "Came back", percent(again / bought) if bought else DASH, means("again"), "of them"
            ),
            Tile(
                "Spent per person",
                reais(spent / bought) if bought else DASH,
                means("monetary"),
                "who bought",
            ),
        ),
        (means("segment"),),
    )


def _people(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = "datum.segment + ': ' + " + marks.plural("people", "person", "people")
    return marks.bars(frame, width, "segment", "people", tip, "format(datum.people, ',')")


def _money(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = "datum.segment + ': R$ ' + format(datum.monetary, ',.2f')"
    money = "'R$ ' + format(datum.monetary, '.3~s')"
    spent = frame.filter(col("bought") > 0).sort("monetary", "segment", descending=[True, False])
    return marks.bars(spent, width, "segment", "monetary", tip, money)


_PERSON = "Each `customer_unique_id` counts once, however many orders it has."
_NOBODY = "nobody"
_BREAKS = [0.0025, 0.005, 0.01]
_CLASSES = ["below 0.25%", "below 0.5%", "below 1%", "1% and more"]


def _cohorts(frame: pl.DataFrame, width: int) -> AnyChart:
    """Draw each month that a cohort has lived through, also those in which nobody came back."""
    large = frame.filter(col("cohort_size") >= ENOUGH)
    cohorts = large.select("cohort_month", "cohort_size").unique(maintain_order=True)
    month = col("cohort_month").str.to_date("%Y-%m")
    lived = (
        cohorts.with_columns(month=month)
        .with_columns(
            last=pl.lit(frame.select(_month_of(month, col("months_since")).max()).item())
            - _month_of(month, pl.lit(0))
        )
        .with_columns(months_since=pl.int_ranges(1, col("last") + 1))
        .explode("months_since")
        .drop_nulls("months_since")
        .select("cohort_month", "cohort_size", "months_since")
    )
    filled = lived.join(
        frame.select("cohort_month", "months_since", "customers", "retention"),
        on=["cohort_month", "months_since"],
        how="left",
    ).with_columns(
        pl.when(col("customers").is_null())
        .then(pl.lit(_NOBODY))
        .otherwise(marks.banded(col("retention"), _BREAKS, _CLASSES))
        .alias("class")
    )
    tip = (
        f"datum.cohort_month + ', after ' + {marks.plural('months_since', 'month')} + ': '"
        " + (datum.customers || 0) + ' of ' + format(datum.cohort_size, ',') + ' people'"
    )
    at = (
        alt.X(
            "months_since:O",
            title="calendar months since the first purchase",
            axis=alt.Axis(labelAngle=0, labelOverlap=True, domain=False, ticks=False),
            scale=alt.Scale(paddingInner=0.06),
        ),
        alt.Y(
            "cohort_month:O",
            title=None,
            axis=alt.Axis(domain=False, ticks=False, labelPadding=6),
            scale=alt.Scale(paddingInner=0.1),
        ),
    )
    drawn = marks.cells(
        filled,
        (width, 22 * len(cohorts) + 80),
        at,
        tip,
        [_NOBODY, *_CLASSES],
        STEPS,
        cornerRadius=2,
    )
    numbers = (
        alt.Chart(filled.drop_nulls("customers") if width == DESK else filled.clear())
        .mark_text(fontSize=11, aria=False)
        .encode(
            x=at[0],
            y=at[1],
            text="customers:N",
            color=alt.condition(
                alt.FieldOneOfPredicate("class", _CLASSES[-2:]),
                alt.value("var(--paper)"),
                alt.value("var(--ink)"),
            ),
        )
    )
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return (drawn + numbers).properties(autosize=fit, padding=2)


def _month_of(date: pl.Expr, more: pl.Expr) -> pl.Expr:
    return date.dt.year().cast(pl.Int64) * 12 + date.dt.month() + more


_SEGMENTS = """
SELECT segment, count(*) AS people, count(*) FILTER (frequency >= 1) AS bought,
       count(*) FILTER (frequency > 1) AS again, sum(frequency)::BIGINT AS purchases,
       sum(monetary) AS monetary
FROM gold.mart_customer_rfm
GROUP BY segment
ORDER BY people DESC, segment
"""
_ALSO = {
    "people": _PERSON,
    "bought": "Those with at least one order that was not called off.",
    "purchases": "Their orders that were not called off.",
    "again": "Those with more than one order that was not called off.",
}

FIGURES = (
    Figure(
        "segments",
        "People by segment (RFM)",
        "How lately, how often and for how much people bought.",
        _SEGMENTS,
        MartCustomerRfm,
        _people,
        also=_ALSO,
    ),
    Figure(
        "segments-money",
        "What they spent, by segment",
        "Price and freight of all purchases of the segment's people.",
        _SEGMENTS,
        MartCustomerRfm,
        _money,
        also=_ALSO,
    ),
    Figure(
        "cohorts",
        "Who came back, by month of first purchase",
        "A row is the people who first bought in that month, a cell how many of them bought again "
        f"so many months later: the stronger the colour, the more of the row. Rows have {ENOUGH} "
        "people or more; the first month, always 100%, and the newest, which may not be over, are "
        "left out.",
        """
SELECT cohort_month, months_since, cohort_size, customers, retention, purchases, gmv
FROM gold.mart_cohort_retention
WHERE strptime(cohort_month, '%Y-%m') + to_months(months_since)
      < (SELECT max(strptime(purchase_month, '%Y-%m')) FROM gold.mart_monthly_sales)
ORDER BY cohort_month, months_since
""",
        MartCohortRetention,
        _cohorts,
        wide=True,
    ),
)

PAGE = Page("customers.html", "Customers", tell, FIGURES)
