"""Which state is late, and does it cost us reviews?"""

from typing import Any

import altair as alt
import polars as pl
from polars import col

from contracts.gold.mart_delivery_by_state import MartDeliveryByState
from contracts.gold.mart_review_by_lateness import LAST_DAYS, LATER, NEVER, MartReviewByLateness
from flows.config.plural import pluralize
from flows.site.charts import marks
from flows.site.charts.marks import FAINT, LATE, PLAIN
from flows.site.charts.states import NAMES
from flows.site.charts.svg import AnyChart
from flows.site.charts.tile_map import ENOUGH, FEW, tile_map
from flows.site.formatting import DASH, percent
from flows.site.report.model import Figure, Frames, Page, Tile, Told, total

QUESTION = "Which state is late, and does it cost us reviews?"


def tell(frames: Frames) -> Told:
    """Answer the question, from the states and from the reviews."""
    states, lateness = frames["states"], frames["score-by-lateness"]
    said = filter(None, (_latest(states), _overdue(states, lateness), _costs(lateness)))
    if not total(states, "delivered"):
        return Told(QUESTION, ("Nothing has been delivered yet.",))
    remark = (
        "Late is what was delivered behind the estimated calendar day. States with "
        f"{FEW} are not named: {_WHY}."
    )
    return Told(QUESTION, tuple(said), _tiles(states), (remark,))


def _latest(states: pl.DataFrame) -> str:
    delivered, late = total(states, "delivered"), total(states, "late")
    enough = states.filter(col("delivered") >= ENOUGH)
    if enough.is_empty():
        return (
            f"No state has {ENOUGH} deliveries yet: too few to call one late." if delivered else ""
        )
    worst = _first(enough, col("late") / col("delivered"))
    if not worst["late"]:
        among = total(enough, "delivered")
        return f"None: of {among:,} deliveries to states with {ENOUGH} or more, none was late."
    score = _mean(states, "review_score", "reviews")
    stars = (
        ""
        if worst["review_score"] is None or score is None
        else (
            f" Reviews of what was delivered there give {worst['review_score']:.2f} of 5 stars, in "
            f"all Brazil {score:.2f}."
        )
    )
    return (
        f"{_in_full(worst)} is late most often: "
        f"{percent(worst['late'] / worst['delivered'])} of its {worst['delivered']:,} deliveries "
        f"came late, by {worst['mean_days_late']:.0f} days on average; in all Brazil "
        f"{percent(late / delivered)} did, to {_most(states)} more than to any other.{stars}"
    )


def _most(states: pl.DataFrame) -> str:
    most = _first(states, "late")
    state = most["customer_state"]
    return f"{NAMES.get(state, state)} ({most['late']:,} of {total(states, 'late'):,})"


def _overdue(states: pl.DataFrame, lateness: pl.DataFrame) -> str:
    """Say what is in no figure of deliveries, because it has not come."""
    overdue, orders = total(states, "overdue"), total(states, "orders")
    if not overdue:
        return ""
    never = lateness.filter(lateness=NEVER)
    reviews = total(lateness, "reviews")
    stars = (
        f" Reviews of all that was not delivered, also of what was called off, are "
        f"{percent(total(never, 'reviews') / reviews)} of all reviews, and give "
        f"{total(never, 'stars') / total(never, 'reviews'):.2f} stars."
        if len(never)
        else ""
    )
    return (
        f"And {overdue:,} of all {orders:,} orders are overdue: past their estimate, and neither "
        f"delivered nor called off.{_with_overdue(states)}{stars}"
    )


def _with_overdue(states: pl.DataFrame) -> str:
    """Name the state that is worst when what should have come counts as late."""
    enough = states.filter(col("delivered") + col("overdue") >= ENOUGH)
    if enough.is_empty():
        return ""
    worst = _first(enough, "late_or_overdue_share")
    share = percent(worst["late_or_overdue_share"])
    return f" Where they count as late, {_in_full(worst)} is worst, with {share}."


def _first(states: pl.DataFrame, by: str | pl.Expr) -> dict[str, Any]:
    """Return the state that has most of something; of equals the first by its letters."""
    return states.sort(by, "customer_state", descending=[True, False]).row(0, named=True)


def _in_full(state: dict[str, Any]) -> str:
    letters = state["customer_state"]
    return f"{NAMES.get(letters, letters)} ({letters})"


def _costs(lateness: pl.DataFrame) -> str:
    grouped = (
        lateness.filter(col("lateness") != NEVER)
        .group_by(late=col("lateness").is_in(_LATE))
        .agg(col("stars", "reviews").sum())
    )
    of = {row["late"]: row for row in grouped.to_dicts()}
    if len(of) < len({"on time", "late"}):
        return ""
    if min(row["reviews"] for row in of.values()) < ENOUGH:
        return f"What being late costs is open: one of the two has fewer than {ENOUGH} reviews."
    on_time, late = (of[kind]["stars"] / of[kind]["reviews"] for kind in (False, True))
    verdict = "costs reviews" if on_time - late >= _FELT else "does not cost reviews"
    return (
        f"Being late {verdict}: what came on time is given {on_time:.2f} stars on average, what "
        f"came late {late:.2f} ({pluralize(of[True]['reviews'], 'review')})."
    )


def _mean(states: pl.DataFrame, column: str, weight: str) -> float | None:
    """Return the mean of a column over all states, each as heavy as its `weight`."""
    weighed = states.select((col(column) * col(weight)).sum() / col(weight).sum()).item()
    return weighed if total(states, weight) else None


def _tiles(states: pl.DataFrame) -> tuple[Tile, ...]:
    orders, delivered, late, overdue = (
        total(states, name) for name in ("orders", "delivered", "late", "overdue")
    )
    lag = _mean(states, "mean_lag_days", "delivered")
    behind = _mean(states, "mean_days_late", "late")
    means = FIGURES[0].means
    return (
        Tile(
            "Delivered (entregues)",
            f"{delivered:,}",
            means("delivered"),
            f"of {pluralize(orders, 'order')}",
        ),
        Tile(
            "On time",
            percent(1 - late / delivered, 2),
            means("on_time_share"),
            f"{late:,} of them came late",
        ),
        Tile("Mean days to deliver", f"{lag:.2f}", means("mean_lag_days"), "from purchase"),
        Tile(
            "Mean days late",
            f"{behind:.1f}" if behind else DASH,
            means("mean_days_late"),
            "of the late alone",
        ),
        Tile(
            "Overdue (em atraso)",
            f"{overdue:,}",
            means("overdue"),
            f"{percent(overdue / orders)} of all orders",
        ),
    )


_FELT = 0.1  # stars: a difference smaller than that nobody feels
_WHY = "of so few, one parcel more or less is two percent and more"
_LATE = [*(band for band, last in LAST_DAYS.items() if last > 0), LATER]


def _lateness(frame: pl.DataFrame, width: int) -> AnyChart:
    coloured = frame.with_columns(
        colour=pl.when(col("lateness") == NEVER)
        .then(pl.lit(FAINT))
        .when(col("lateness").is_in(_LATE))
        .then(pl.lit(LATE))
        .otherwise(pl.lit(PLAIN))
    )
    tip = (
        "datum.lateness + ': ' + format(datum.review_score, '.2f') + ' stars from ' + "
        f"{marks.plural('reviews', 'review')} + ', ' + format(datum.one_star_share, '.0%')"
        " + ' with one star'"
    )
    shown = "format(datum.review_score, '.2f') + ' (' + format(datum.reviews, ',') + ')'"
    return marks.bars(coloured, width, "lateness", "review_score", tip, shown, step=42)


def _dots(frame: pl.DataFrame, width: int) -> AnyChart:
    states = frame.drop_nulls("review_score").with_columns(late_share=1 - col("on_time_share"))
    base = alt.Chart(states.pipe(_named, width)).transform_calculate(
        tip="datum.customer_state + ': ' + format(datum.late_share, '.1%') + ' late, '"
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
    dots = base.mark_circle(color=PLAIN, opacity=0.75).encode(
        x=x, y=y, size=size, description="tip:N"
    )
    names = base.mark_text(dy=-15, fontSize=11, fill="currentColor", aria=False).encode(
        x=x, y=y, text="name:N"
    )
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return (dots + names).properties(width=width, height=_HEIGHT, autosize=fit, padding=2)


def _named(states: pl.DataFrame, width: int) -> pl.DataFrame:
    """Name the states whose name has room beside those with more reviews; a pointer names all."""
    across, up = (
        (col(axis) - col(axis).min()) / (col(axis).max() - col(axis).min()) * size
        for axis, size in (("late_share", width), ("review_score", _HEIGHT))
    )
    rows = states.sort("reviews", descending=True)
    taken: list[tuple[float, float]] = []
    names = []
    for state, x, y in rows.select("customer_state", across, up).iter_rows():
        free = not any(abs(x - a) < _LETTERS[0] and abs(y - b) < _LETTERS[1] for a, b in taken)
        taken += [(x, y)] * free
        names.append(state if free else "")
    return rows.with_columns(name=pl.Series(names, dtype=pl.String))


_HEIGHT = 330
_LETTERS = 24, 18  # what a name takes, in pixels

_STATES = """
SELECT customer_state, orders, delivered, on_time_share, late, mean_days_late, overdue,
       (late + overdue) / nullif(delivered + overdue, 0) AS late_or_overdue_share,
       mean_lag_days, p90_lag_days, reviews, review_score
FROM gold.mart_delivery_by_state
ORDER BY delivered DESC, customer_state
"""
_ALSO = {
    "late_or_overdue_share": "Late or overdue, of those that were delivered or are overdue.",
}

FIGURES = (
    Figure(
        "states",
        "Delivered on time, by state",
        f"Each tile is a state, about where it lies. A state with {FEW} has no colour: its share "
        "says little.",
        _STATES,
        MartDeliveryByState,
        tile_map,
        also=_ALSO,
    ),
    Figure(
        "score-by-lateness",
        "Review score, by how late the order came",
        "Stars from 1 to 5, and in brackets how many reviews. Late is orange; what has not come is "
        "grey.",
        """
SELECT lateness, reviews, reviews_share, stars, review_score, one_star_share, five_star_share
FROM gold.mart_review_by_lateness
ORDER BY position
""",
        MartReviewByLateness,
        _lateness,
    ),
    Figure(
        "late-states",
        "Late deliveries and review score, by state",
        f"Each dot is a state with {ENOUGH} deliveries or more, as large as its number of reviews: "
        "to the right more is late, to the top reviews are better. The axes do not begin at zero.",
        f"""
SELECT customer_state, delivered, on_time_share, reviews, review_score
FROM gold.mart_delivery_by_state
WHERE delivered >= {ENOUGH}
ORDER BY on_time_share, customer_state
""",  # noqa: S608 - a number of ours
        MartDeliveryByState,
        _dots,
        wide=True,
    ),
    Figure(
        "every-state",
        "Every state",
        "Sorted by deliveries; a click on a heading sorts by that. What is overdue is in no other "
        "share than the one that names it.",
        _STATES,
        MartDeliveryByState,
        wide=True,
        also=_ALSO,
    ),
)

PAGE = Page("operations.html", "Operations", tell, FIGURES)
