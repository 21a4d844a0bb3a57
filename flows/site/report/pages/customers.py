"""The customers page: segments, and customers who bought again."""

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
from flows.site.report.model import DESKTOP, Frames, Page, PageSummary, Panel, Tile, total

MIN_COHORT = 50
"""Customers that a cohort needs to be drawn."""


def summarize(frames: Frames) -> PageSummary:
    """Return how many customers bought, how many bought again, and how much they spent."""
    segments = frames["segments"]
    people, bought, again = (total(segments, name) for name in ("people", "bought", "again"))
    if not people:
        return PageSummary("No orders yet")
    spent = total(segments, "monetary")
    best = segments.sort("monetary", "segment", descending=[True, False]).row(0, named=True)
    again_share = percent(again / bought) if bought else DASH
    sentences = [
        f"Of {pluralize(bought, 'customer')} who bought, {again:,} ({again_share}) bought more "
        f"than once."
        if bought
        else "Every order was called off."
    ]
    if spent:
        share = percent(best["monetary"] / spent)
        sentences.append(f"The segment “{best['segment']}” spent the most: {share} of the total.")
    definition = PANELS[0].definition
    return PageSummary(
        "Who buys, and who comes back",
        (" ".join(sentences),),
        (
            Tile("Customers (clientes)", f"{people:,}", _CUSTOMER, "with an order"),
            Tile("Bought", f"{bought:,}", definition("bought"), "at least once"),
            Tile("Bought again", again_share, definition("again"), "of those who bought"),
            Tile(
                "Spent per customer",
                reais(spent / bought) if bought else DASH,
                definition("monetary"),
                "of those who bought",
            ),
        ),
        (definition("segment"),),
    )


def _people(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = "datum.segment + ': ' + " + marks.plural("people", "customer")
    return marks.bar_chart(frame, width, "segment", "people", tooltip, "format(datum.people, ',')")


def _money(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = "datum.segment + ': R$ ' + format(datum.monetary, ',.2f')"
    spent = frame.filter(col("bought") > 0).sort("monetary", "segment", descending=[True, False])
    return marks.bar_chart(
        spent, width, "segment", "monetary", tooltip, marks.short_reais("monetary")
    )


_CUSTOMER = "A person (`customer_unique_id`), counted once regardless of the number of orders."
_NOBODY = "nobody"
_BREAKS = [0.0025, 0.005, 0.01]
_CLASSES = ["below 0.25%", "below 0.5%", "below 1%", "1% and more"]


def _cohorts(frame: pl.DataFrame, width: int) -> AnyChart:
    """Draw each month since a cohort's first purchase, including months without purchases."""
    cells = _cohort_months(frame).with_columns(
        pl.when(col("customers").is_null())
        .then(pl.lit(_NOBODY))
        .otherwise(marks.band(col("retention"), _BREAKS, _CLASSES))
        .alias("class")
    )
    tooltip = (
        f"datum.cohort_month + ', after ' + {marks.plural('months_since', 'month')} + ': '"
        " + (datum.customers || 0) + ' of ' + format(datum.cohort_size, ',') + ' customers'"
    )
    months = cells["months_since"].unique().sort().to_list()
    position = (
        alt.X(
            "months_since:O",
            title="calendar months since the first purchase",
            axis=alt.Axis(
                labelAngle=0,
                values=[n for n in months if width == DESKTOP or n == 1 or n % 6 == 0],
                labelOverlap=False,
                domain=False,
                ticks=False,
            ),
            scale=alt.Scale(paddingInner=0.06),
        ),
        alt.Y(
            "cohort_month:O",
            title=None,
            axis=alt.Axis(domain=False, ticks=False, labelPadding=6),
            scale=alt.Scale(paddingInner=0.1),
        ),
    )
    height = 22 * cells["cohort_month"].n_unique() + 80
    grid = marks.cell_chart(
        cells,
        (width, height),
        position,
        tooltip,
        [_NOBODY, *_CLASSES],
        ["var(--raised)", *STEPS[1:]],
        cornerRadius=2,
        stroke="var(--line)",
    )
    numbers = (
        alt.Chart(cells.drop_nulls("customers") if width == DESKTOP else cells.clear())
        .mark_text(fontSize=11, aria=False)
        .encode(
            x=position[0],
            y=position[1],
            text="customers:N",
            color=alt.condition(
                alt.FieldOneOfPredicate("class", _CLASSES[-2:]),
                alt.value("var(--paper)"),
                alt.value("var(--ink)"),
            ),
        )
    )
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return (grid + numbers).properties(autosize=fit, padding=2)


def _cohort_months(frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row per large cohort and month, from its second month to the newest of all."""
    month = col("cohort_month").str.to_date("%Y-%m")
    newest = frame.select(_month_number(month, col("months_since")).max()).item()
    return (
        frame.filter(col("cohort_size") >= MIN_COHORT)
        .select("cohort_month", "cohort_size")
        .unique(maintain_order=True)
        .with_columns(last=pl.lit(newest) - _month_number(month, pl.lit(0)))
        .with_columns(months_since=pl.int_ranges(1, col("last") + 1))
        .explode("months_since")
        .drop_nulls("months_since")
        .select("cohort_month", "cohort_size", "months_since")
        .join(
            frame.select("cohort_month", "months_since", "customers", "retention"),
            on=["cohort_month", "months_since"],
            how="left",
        )
    )


def _month_number(date: pl.Expr, later: pl.Expr) -> pl.Expr:
    """Return the number of a date's month, some months later, on one continuous scale."""
    return date.dt.year().cast(pl.Int64) * 12 + date.dt.month() + later


_SEGMENTS = """
SELECT segment, count(*) AS people, count(*) FILTER (frequency >= 1) AS bought,
       count(*) FILTER (frequency > 1) AS again, sum(frequency)::BIGINT AS purchases,
       sum(monetary) AS monetary
FROM gold.mart_customer_rfm
GROUP BY segment
ORDER BY people DESC, segment
"""
_DEFINITIONS = {
    "people": _CUSTOMER,
    "bought": "Customers with at least one order that was not called off.",
    "purchases": "Orders that were not called off.",
    "again": "Customers with more than one order that was not called off.",
}

PANELS = (
    Panel(
        "segments",
        "Customers by segment (RFM)",
        "A segment depends on how recently, how often and for how much a customer bought.",
        _SEGMENTS,
        MartCustomerRfm,
        _people,
        extra_definitions=_DEFINITIONS,
    ),
    Panel(
        "segments-money",
        "Spending by segment",
        "Price and freight of all purchases of a segment.",
        _SEGMENTS,
        MartCustomerRfm,
        _money,
        extra_definitions=_DEFINITIONS,
    ),
    Panel(
        "cohorts",
        "Customers who bought again, by month of first purchase",
        "Each row shows the customers who first bought in that month (a cohort), each cell how "
        "many of them bought in a later month. A stronger colour means a larger share of the row. "
        f"The chart leaves out cohorts of fewer than {MIN_COHORT} customers, the first month "
        "(always 100%) and the newest month, which may be incomplete.",
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

PAGE = Page("customers.html", "Customers", summarize, PANELS)
