"""The operations page: late deliveries by state, and their effect on reviews."""

from typing import Any

import polars as pl
from polars import col

from contracts.gold.agg_monthly_orders import NEVER
from contracts.gold.mart_delivery_by_state import MartDeliveryByState
from contracts.gold.mart_order_stages import MartOrderStages
from contracts.gold.mart_review_by_lateness import MartReviewByLateness
from flows.config.plural import pluralize
from flows.site.charts.states import NAMES
from flows.site.charts.tile_map import FEW, MIN_DELIVERIES, tile_map
from flows.site.formatting import DASH, percent
from flows.site.report.model import Frames, Page, PageSummary, Panel, Tile, total
from flows.site.report.operations_charts import (
    LATE_CLASSES,
    STATES_DRAWN,
    lateness_chart,
    scatter,
    stages_chart,
)
from flows.site.report.wilson import wilson, wilson_sql

QUESTION = "Where are deliveries late, and does it cost us stars?"


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
        "parcel would change their share by two points or more. Brackets show how far chance alone "
        "may move a share: they hold its 95% Wilson interval, wider where many states are compared."
    )
    return PageSummary(QUESTION, tuple(filter(None, sentences)), _tiles(states), (remark,))


def _latest_state(states: pl.DataFrame) -> str:
    """Name the state with the highest share of late deliveries."""
    delivered, late = total(states, "delivered"), total(states, "late")
    comparable = states.filter(col("delivered") >= MIN_DELIVERIES)
    if comparable.is_empty():
        return f"No state has {MIN_DELIVERIES} deliveries yet, so states are not compared."
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
        f"deliveries are late, by {worst['mean_days_late']:.0f} days on average.{stars}"
    )
    return (
        f"{verdict} In all of Brazil, {percent(late / delivered)} of deliveries are late; "
        f"{NAMES.get(most['customer_state'], most['customer_state'])} has the most of them "
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
        .group_by(late=col("lateness").is_in(LATE_CLASSES))
        .agg(col("stars", "reviews").sum())
    )
    groups = {row["late"]: row for row in grouped.to_dicts()}
    if groups.keys() != {True, False}:
        return ""
    if min(group["reviews"] for group in groups.values()) < MIN_DELIVERIES:
        return (
            f"It is too early to tell whether late deliveries cost stars: one of the two groups "
            f"has fewer than {MIN_DELIVERIES} reviews."
        )
    on_time, late = (groups[kind]["stars"] / groups[kind]["reviews"] for kind in (False, True))
    verdict = "cost" if on_time - late >= _NOTICEABLE else "do not cost"
    return (
        f"Late deliveries {verdict} stars: deliveries on time average {on_time:.2f} stars, late "
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
            percent(1 - late / delivered),
            definition("on_time_share"),
            f"{late:,} late",
        ),
        Tile("Mean days to deliver", f"{days:.1f}", definition("mean_lag_days"), "from purchase"),
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
    "lowest_on_time_share": "Lower end of the 95% Wilson interval of the share on time.",
    "highest_on_time_share": "Upper end of the 95% Wilson interval of the share on time.",
    "late_or_overdue_share": "Late and overdue orders as a fraction of delivered and overdue ones.",
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
        "Mean stars, with the number of reviews in brackets. The axis starts at 1. Late deliveries "
        "are orange; undelivered orders are grey.",
        """
SELECT lateness, reviews, reviews_share, stars, review_score, one_star_share, five_star_share
FROM gold.mart_review_by_lateness
ORDER BY position
""",
        MartReviewByLateness,
        lateness_chart,
    ),
    Panel(
        "late-states",
        "Late deliveries and review score by state",
        f"Each circle is a state with {MIN_DELIVERIES} deliveries or more; its size shows the "
        "number of reviews. Further right means more late deliveries, higher up better reviews. "
        "The axes do not start at zero.",
        f"""
SELECT customer_state, delivered, on_time_share, reviews, review_score
FROM gold.mart_delivery_by_state
WHERE delivered >= {MIN_DELIVERIES}
ORDER BY on_time_share, customer_state
""",  # noqa: S608 - the number is a constant of the report
        MartDeliveryByState,
        scatter,
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
        "Hours from purchase to approval, from there to the carrier (handling), and from there to "
        "the customer (transport), by state of the seller. The bar ends at the median, the line "
        "where nine of ten orders are done. Each stage has its own scale. The chart shows the "
        f"{STATES_DRAWN} states with the most orders in the newest month in which nine of ten "
        "approved orders were delivered, or else in the newest month. Months with few orders do "
        "not count.",
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
                                (SELECT max(purchase_month) FROM large
                                 JOIN gold.mart_order_stages USING (purchase_month)))
ORDER BY stage, orders DESC, seller_state
""",
        MartOrderStages,
        stages_chart,
        wide=True,
    ),
)

PAGE = Page("operations.html", "Operations", summarize, PANELS)
