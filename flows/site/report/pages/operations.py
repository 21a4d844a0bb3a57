"""The operations page: late deliveries by state, and their effect on reviews."""

from typing import Any

import altair as alt
import polars as pl
from polars import col

from contracts.gold.agg_monthly_orders import LAST_DAYS, LATER, NEVER
from contracts.gold.mart_delivery_by_state import MartDeliveryByState
from contracts.gold.mart_order_stages import MartOrderStages
from contracts.gold.mart_review_by_lateness import MartReviewByLateness
from flows.config.plural import pluralize
from flows.site.charts import marks
from flows.site.charts.marks import FAINT, LATE, PLAIN
from flows.site.charts.multiples import range_multiples
from flows.site.charts.states import NAMES
from flows.site.charts.svg import AnyChart
from flows.site.charts.tile_map import FEW, MIN_DELIVERIES, tile_map
from flows.site.formatting import DASH, percent
from flows.site.report.model import PHONE, Frames, Page, PageSummary, Panel, Tile, total
from flows.site.report.wilson import wilson, wilson_sql

QUESTION = "Which state is late, and does it cost us reviews?"


def summarize(frames: Frames) -> PageSummary:
    """Answer the question from the states and the reviews."""
    states, lateness = frames["states"], frames["score-by-lateness"]
    if not total(states, "delivered"):
        return PageSummary(QUESTION, ("No deliveries yet.",))
    sentences = (
        _latest_state(states),
        _overdue(states, lateness),
        _effect_on_reviews(lateness),
    )
    remark = (
        f"Late means delivered after the estimated date. States with {FEW} are not compared: one "
        "parcel would change their share by two points or more. Brackets hold the Wilson interval "
        "of a share at 95%, wider where many states are compared: chance alone may move a share "
        "that far."
    )
    return PageSummary(QUESTION, tuple(filter(None, sentences)), _tiles(states), (remark,))


def _latest_state(states: pl.DataFrame) -> str:
    """Name the state with the highest share of late deliveries."""
    delivered, late = total(states, "delivered"), total(states, "late")
    comparable = states.filter(col("delivered") >= MIN_DELIVERIES)
    if comparable.is_empty():
        return f"No state has {MIN_DELIVERIES} deliveries yet, which is too few to compare states."
    worst = _top(comparable, col("late") / col("delivered"))
    if not worst["late"]:
        return (
            f"No state with {MIN_DELIVERIES} deliveries or more is late: all "
            f"{total(comparable, 'delivered'):,} deliveries there were on time."
        )
    score = _weighted_mean(states, "review_score", "reviews")
    stars = (
        ""
        if worst["review_score"] is None or score is None
        else (
            f" Its reviews average {worst['review_score']:.2f} of 5 stars, "
            f"compared with {score:.2f} in all of Brazil."
        )
    )
    most = _top(states, "late")
    interval = wilson(worst["late"], worst["delivered"], compared=len(comparable))
    share = f"{percent(worst['late'] / worst['delivered'])} ({interval})"
    verdict = (
        f"{_state_name(worst)} has the largest share of late deliveries, {share} of "
        f"{worst['delivered']:,}, but it is not clearly different from all of Brazil."
        if late / delivered in interval
        else f"{_state_name(worst)} is late most often: {share} of its {worst['delivered']:,} "
        f"deliveries, by {worst['mean_days_late']:.0f} days on average.{stars}"
    )
    return (
        f"{verdict} In all of Brazil {percent(late / delivered)} of deliveries are late; "
        f"the largest number is in {NAMES.get(most['customer_state'], most['customer_state'])} "
        f"({most['late']:,} of {late:,})."
    )


def _overdue(states: pl.DataFrame, lateness: pl.DataFrame) -> str:
    """Return the number of overdue orders, which no share of deliveries includes."""
    overdue, orders = total(states, "overdue"), total(states, "orders")
    if not overdue:
        return ""
    undelivered = lateness.filter(lateness=NEVER)
    reviews = total(lateness, "reviews")
    stars = (
        f" Undelivered orders, including those called off, account for "
        f"{percent(total(undelivered, 'reviews') / reviews)} of all reviews and average "
        f"{total(undelivered, 'stars') / total(undelivered, 'reviews'):.2f} stars."
        if len(undelivered)
        else ""
    )
    return (
        f"Of all {orders:,} orders, {overdue:,} are overdue: their estimated date has passed, and "
        f"they are neither delivered nor called off.{_worst_with_overdue(states)}{stars}"
    )


def _worst_with_overdue(states: pl.DataFrame) -> str:
    """Name the worst state if overdue orders count as late."""
    comparable = states.filter(col("delivered") + col("overdue") >= MIN_DELIVERIES)
    if comparable.is_empty():
        return ""
    worst = _top(comparable, "late_or_overdue_share")
    interval = wilson(
        worst["late"] + worst["overdue"],
        worst["delivered"] + worst["overdue"],
        compared=len(comparable),
    )
    everywhere = total(states, "late") + total(states, "overdue")
    overall = everywhere / (total(states, "delivered") + total(states, "overdue"))
    share = f"{percent(worst['late_or_overdue_share'])} ({interval})"
    unclear = ", not clearly different from all of Brazil" if overall in interval else ""
    return f" If they count as late, {_state_name(worst)} is worst with {share}{unclear}."


def _effect_on_reviews(lateness: pl.DataFrame) -> str:
    """Compare the reviews of late deliveries with those of deliveries on time."""
    grouped = (
        lateness.filter(col("lateness") != NEVER)
        .group_by(late=col("lateness").is_in(_LATE))
        .agg(col("stars", "reviews").sum())
    )
    groups = {row["late"]: row for row in grouped.to_dicts()}
    if groups.keys() != {True, False}:
        return ""
    if min(group["reviews"] for group in groups.values()) < MIN_DELIVERIES:
        return (
            f"It is too early to tell whether late deliveries cost reviews: one of the two groups "
            f"has fewer than {MIN_DELIVERIES} reviews."
        )
    on_time, late = (groups[kind]["stars"] / groups[kind]["reviews"] for kind in (False, True))
    verdict = "cost" if on_time - late >= _NOTICEABLE else "do not cost"
    return (
        f"Late deliveries {verdict} reviews: deliveries on time average {on_time:.2f} stars, late "
        f"deliveries {late:.2f} ({pluralize(groups[True]['reviews'], 'review')})."
    )


def _top(states: pl.DataFrame, by: str | pl.Expr) -> dict[str, Any]:
    """Return the state with the highest value; of equal ones, the first in the alphabet."""
    return states.sort(by, "customer_state", descending=[True, False]).row(0, named=True)


def _state_name(state: dict[str, Any]) -> str:
    abbreviation = state["customer_state"]
    return f"{NAMES.get(abbreviation, abbreviation)} ({abbreviation})"


def _weighted_mean(states: pl.DataFrame, column: str, weight: str) -> float | None:
    mean = states.select((col(column) * col(weight)).sum() / col(weight).sum()).item()
    return mean if total(states, weight) else None


def _tiles(states: pl.DataFrame) -> tuple[Tile, ...]:
    orders, delivered, late, overdue = (
        total(states, name) for name in ("orders", "delivered", "late", "overdue")
    )
    days = _weighted_mean(states, "mean_lag_days", "delivered")
    days_late = _weighted_mean(states, "mean_days_late", "late")
    definition = PANELS[0].definition
    return (
        Tile(
            "Delivered (entregues)",
            f"{delivered:,}",
            definition("delivered"),
            f"of {pluralize(orders, 'order')}",
        ),
        Tile(
            "On time",
            percent(1 - late / delivered, 2),
            definition("on_time_share"),
            f"{late:,} late",
        ),
        Tile("Mean days to deliver", f"{days:.2f}", definition("mean_lag_days"), "from purchase"),
        Tile(
            "Mean days late",
            f"{days_late:.1f}" if days_late else DASH,
            definition("mean_days_late"),
            "late deliveries only",
        ),
        Tile(
            "Overdue (em atraso)",
            f"{overdue:,}",
            definition("overdue"),
            f"{percent(overdue / orders)} of all orders",
        ),
    )


_NOTICEABLE = 0.1  # stars
_LATE = [*(name for name, last_day in LAST_DAYS.items() if last_day > 0), LATER]


def _lateness(frame: pl.DataFrame, width: int) -> AnyChart:
    coloured = frame.with_columns(
        colour=pl.when(col("lateness") == NEVER)
        .then(pl.lit(FAINT))
        .when(col("lateness").is_in(_LATE))
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


def _scatter(frame: pl.DataFrame, width: int) -> AnyChart:
    states = frame.drop_nulls("review_score").with_columns(late_share=1 - col("on_time_share"))
    base = alt.Chart(states.pipe(_label_where_free, width)).transform_calculate(
        tooltip="datum.customer_state + ': ' + format(datum.late_share, '.1%') + ' late, '"
        " + format(datum.review_score, '.2f') + ' stars from ' + "
        + marks.plural("reviews", "review"),
    )
    x = alt.X(
        "late_share:Q",
        title="delivered late",
        axis=alt.Axis(format=marks.SHARE, tickCount=5, grid=False),
        scale=alt.Scale(zero=False, padding=16),
    )
    y = alt.Y(
        "review_score:Q",
        title="review score",
        axis=alt.Axis(format=marks.SCORE, tickCount=5, domain=False, ticks=False),
        scale=alt.Scale(zero=False, padding=16),
    )
    size = alt.Size("reviews:Q", legend=None, scale=alt.Scale(range=[40, 360]))
    circles = base.mark_circle(color=PLAIN, opacity=0.75).encode(
        x=x, y=y, size=size, description="tooltip:N"
    )
    names = base.mark_text(dy=-15, fontSize=11, fill="currentColor", aria=False).encode(
        x=x, y=y, text="name:N"
    )
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return (circles + names).properties(width=width, height=_HEIGHT, autosize=fit, padding=2)


def _stages(frame: pl.DataFrame, width: int) -> AnyChart:
    largest = (
        frame.group_by("seller_state")
        .agg(col("orders").max())
        .sort("orders", "seller_state", descending=[True, False])["seller_state"]
        .head(_STATES_DRAWN)
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
        "datum.seller_state + ', ' + datum.stage + ': ' + format(datum.median_hours, ',.1f') + "
        "' hours in half of ' + " + marks.plural("orders", "order") + " + ', ' + "
        "format(datum.p90_hours, ',.1f') + ' in nine of ten'"
    )
    return range_multiples(
        rows,
        width,
        "stage",
        "seller_state",
        ("median_hours", "p90_hours"),
        tooltip,
        title="hours",
        across=1 if width == PHONE else 3,
    )


def _label_where_free(states: pl.DataFrame, width: int) -> pl.DataFrame:
    """Add the name of each state whose label would not touch that of a state with more reviews."""
    across, up = (
        (col(axis) - col(axis).min()) / (col(axis).max() - col(axis).min()) * size
        for axis, size in (("late_share", width), ("review_score", _HEIGHT))
    )
    rows = states.sort("reviews", descending=True)
    taken: list[tuple[float, float]] = []
    names = []
    for state, x, y in rows.select("customer_state", across, up).iter_rows():
        free = not any(abs(x - a) < _LABEL[0] and abs(y - b) < _LABEL[1] for a, b in taken)
        taken += [(x, y)] * free
        names.append(state if free else "")
    return rows.with_columns(name=pl.Series(names, dtype=pl.String))


_HEIGHT, _STATES_DRAWN = 330, 8
_LABEL = 24, 18  # width and height of a label in pixels

_STATES = f"""
SELECT customer_state, orders, delivered, on_time_share,
       {wilson_sql("on_time", "delivered", high=False)} AS lowest_on_time_share,
       {wilson_sql("on_time", "delivered", high=True)} AS highest_on_time_share,
       late, mean_days_late, overdue,
       (late + overdue) / nullif(delivered + overdue, 0) AS late_or_overdue_share,
       mean_lag_days, p90_lag_days, reviews, review_score
FROM gold.mart_delivery_by_state
ORDER BY delivered DESC, customer_state
"""  # noqa: S608 - the expressions are made of literals
_DEFINITIONS = {
    "lowest_on_time_share": "Lower end of Wilson's 95% interval of the share on time.",
    "highest_on_time_share": "Upper end of Wilson's 95% interval of the share on time.",
    "late_or_overdue_share": "Late or overdue orders as a share of delivered or overdue orders.",
}

PANELS = (
    Panel(
        "states",
        "On-time deliveries by state",
        f"Each tile is a state, near its place on the map. A state with {FEW} has no colour.",
        _STATES,
        MartDeliveryByState,
        tile_map,
        extra_definitions=_DEFINITIONS,
    ),
    Panel(
        "score-by-lateness",
        "Review score by lateness",
        "Mean stars, on an axis from 1; the number of reviews is in brackets. Late deliveries "
        "are orange; undelivered orders are grey.",
        """
SELECT lateness, reviews, reviews_share, stars, review_score, one_star_share, five_star_share
FROM gold.mart_review_by_lateness
ORDER BY position
""",
        MartReviewByLateness,
        _lateness,
    ),
    Panel(
        "late-states",
        "Late deliveries and review score by state",
        f"Each circle is a state with {MIN_DELIVERIES} deliveries or more; its size is the number "
        "of reviews. Further right is later, higher up is better reviewed. The axes do not start "
        "at zero.",
        f"""
SELECT customer_state, delivered, on_time_share, reviews, review_score
FROM gold.mart_delivery_by_state
WHERE delivered >= {MIN_DELIVERIES}
ORDER BY on_time_share, customer_state
""",  # noqa: S608 - the number is a constant of the report
        MartDeliveryByState,
        _scatter,
        wide=True,
    ),
    Panel(
        "every-state",
        "All states",
        "Sorted by deliveries; click a heading to sort by it. Only “Late or overdue” includes "
        "overdue orders.",
        _STATES,
        MartDeliveryByState,
        wide=True,
        extra_definitions=_DEFINITIONS,
    ),
    Panel(
        "order-stages",
        "Where orders wait",
        "Hours from purchase to approval, to the carrier (handling) and to the customer "
        "(transport), by state of the seller. Bars end at the median, lines at the hours that nine "
        f"of ten orders need at most. The chart has the {_STATES_DRAWN} states with most orders, "
        "in the newest month with enough orders of which nine of ten approved ones are delivered.",
        """
WITH large AS (
    SELECT purchase_month
    FROM gold.mart_monthly_sales
    WHERE orders >= (SELECT max(orders) FROM gold.mart_monthly_sales) / 20
), settled AS (
    SELECT purchase_month
    FROM gold.mart_order_stages
    GROUP BY purchase_month
    HAVING sum(orders) FILTER (stage = 'transport') >= 0.9 * sum(orders) FILTER (stage = 'approval')
       AND purchase_month IN (FROM large)
)
SELECT purchase_month, stage, seller_state, orders, median_hours::DOUBLE AS median_hours,
       p90_hours::DOUBLE AS p90_hours
FROM gold.mart_order_stages
WHERE purchase_month = coalesce((SELECT max(purchase_month) FROM settled),
                                (SELECT max(purchase_month) FROM gold.mart_order_stages))
ORDER BY stage, orders DESC, seller_state
""",
        MartOrderStages,
        _stages,
        wide=True,
    ),
)

PAGE = Page("operations.html", "Operations", summarize, PANELS)
