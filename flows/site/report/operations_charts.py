"""The charts of the operations page: review scores by lateness and state, and hours by stage."""

import altair as alt
import polars as pl
from polars import col

from contracts.gold.agg_monthly_orders import LAST_DAYS, LATER, NEVER
from flows.site.charts import marks
from flows.site.charts.axes import SHARE
from flows.site.charts.marks import FAINT, LATE, PLAIN
from flows.site.charts.multiples import range_multiples
from flows.site.charts.svg import AnyChart
from flows.site.report.model import PHONE

LATE_CLASSES = [*(name for name, last_day in LAST_DAYS.items() if last_day > 0), LATER]
"""The classes of lateness that are late."""

STATES_DRAWN = 8
"""The number of states in the chart of the stages."""


def lateness_chart(frame: pl.DataFrame, width: int) -> AnyChart:
    """Draw the mean score of each class of lateness."""
    coloured = frame.with_columns(
        colour=pl.when(col("lateness") == NEVER)
        .then(pl.lit(FAINT))
        .when(col("lateness").is_in(LATE_CLASSES))
        .then(pl.lit(LATE))
        .otherwise(pl.lit(PLAIN))
    )
    tooltip = (
        "datum.lateness + ': ' + format(datum.review_score, '.2f') + ' stars from ' + "
        f"{marks.plural('reviews', 'review')} + ', ' + format(datum.one_star_share, '.0%')"
        " + ' with one star'"
    )
    value = "format(datum.review_score, '.2f') + ' (' + format(datum.reviews, ',') + ')'"
    return marks.bar_chart(
        coloured, width, "lateness", "review_score", tooltip, value, step=42, start=1
    )


def scatter(frame: pl.DataFrame, width: int) -> AnyChart:
    """Draw a circle per state by its share of late deliveries and its review score."""
    states = frame.drop_nulls("review_score").with_columns(late_share=1 - col("on_time_share"))
    base = alt.Chart(states.pipe(_label_where_free, width)).transform_calculate(
        tooltip="datum.customer_state + ': ' + format(datum.late_share, '.1%') + ' late, '"
        " + format(datum.review_score, '.2f') + ' stars from ' + "
        + marks.plural("reviews", "review"),
    )
    x = alt.X(
        "late_share:Q",
        title="delivered late",
        axis=alt.Axis(format=SHARE, tickCount=5, grid=False),
        scale=alt.Scale(zero=False, padding=16),
    )
    y = alt.Y(
        "review_score:Q",
        title="review score",
        axis=alt.Axis(tickCount=5, domain=False, ticks=False),
        scale=alt.Scale(zero=False, padding=16),
    )
    size = alt.Size("reviews:Q", legend=None, scale=alt.Scale(range=[40, 360]))
    circles = base.mark_circle(color=PLAIN, opacity=0.75).encode(
        x=x, y=y, size=size, description="tooltip:N"
    )
    names = [
        base.mark_text(dy=-offset, fontSize=11, fill="currentColor", aria=False).encode(
            x=x, y=y, text=f"{side}:N"
        )
        for side, offset in _SIDES.items()
    ]
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    chart = alt.layer(circles, *names)
    return chart.properties(width=width, height=_HEIGHT, autosize=fit, padding=2)


def stages_chart(frame: pl.DataFrame, width: int) -> AnyChart:
    """Draw the hours of each stage, for the states with the most orders."""
    largest = (
        frame.group_by("seller_state")
        .agg(col("orders").max())
        .sort("orders", "seller_state", descending=[True, False])["seller_state"]
        .head(STATES_DRAWN)
    )
    known = pl.Enum(["approval", "handling", "transport"])
    rows = (
        frame.filter(col("seller_state").is_in(largest.implode()))
        .with_columns(order=col("stage").cast(known))
        .join(pl.DataFrame({"seller_state": largest}).with_row_index("rank"), on="seller_state")
        .sort("order", "rank")
        .drop("order")
    )
    tooltip = (
        "datum.seller_state + ', ' + datum.stage + ': half of ' + "
        + marks.plural("orders", "order")
        + " + ' within ' + format(datum.median_hours, ',.1f') + ' hours, nine of ten within ' + "
        "format(datum.p90_hours, ',.1f')"
    )
    return range_multiples(
        rows,
        width,
        "stage",
        "seller_state",
        ("median_hours", "p90_hours"),
        tooltip,
        title=f"hours, orders of {frame['purchase_month'].item(0)}",
        across=1 if width == PHONE else 3,
    )


def _label_where_free(states: pl.DataFrame, width: int) -> pl.DataFrame:
    """Add the name of each state above or below its circle, where its label touches no other.

    States with more reviews come first. A name that has room on neither side is left out.
    """
    across, up = (
        (col(axis) - col(axis).min()) / (col(axis).max() - col(axis).min()) * size
        for axis, size in (("late_share", width), ("review_score", _HEIGHT))
    )
    rows = states.sort("reviews", descending=True)
    taken: list[tuple[float, float]] = []
    labels = []
    for state, x, y in rows.select("customer_state", across, up).iter_rows():
        spots = {side: (x, y + offset) for side, offset in _SIDES.items()}
        free = (
            side
            for side, (x, y) in spots.items()
            if not any(abs(x - a) < _LABEL[0] and abs(y - b) < _LABEL[1] for a, b in taken)
        )
        side = next(free, None)
        taken += [spots[side]] if side else []
        labels.append({each: state if each == side else "" for each in _SIDES})
    return rows.hstack(pl.DataFrame(labels, schema=dict.fromkeys(_SIDES, pl.String)))


_HEIGHT = 330
_LABEL = 24, 18  # width and height of a label in pixels
_SIDES = {"above": 15, "below": -15}
"""Where a label may be, and how far above its circle in pixels."""
