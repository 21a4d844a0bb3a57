"""The month that the report describes, and the sentences about it."""

from math import hypot
from typing import Any, NamedTuple

import polars as pl

from flows.config.plural import pluralize
from flows.site.formatting import month_name, percent, reais, relative_change
from flows.site.report.wilson import DEVIATIONS, differ

Month = dict[str, Any]
"""A row of gold.mart_monthly_sales."""


class ReportingMonth(NamedTuple):
    """The month that the report describes, earlier ones to compare it with, and the later ones."""

    current: Month
    previous: Month | None
    """The calendar month before."""
    year_ago: Month | None
    """The same month a year earlier."""
    excluded: list[Month]
    under_way: Month | None
    """The newest month, if it is a later one with enough orders."""
    complete: bool
    """Whether the month has ended."""
    small: bool
    """Whether it has less than a twentieth of the orders of the busiest month."""

    @property
    def settled(self) -> bool:
        """Return whether nearly all of its orders were delivered.

        Before that, deliveries and reviews look better than they will: late parcels come last.
        """
        return bool(self.current["delivered"] >= self.current["orders"] * _NEARLY_ALL)


def choose_month(months: pl.DataFrame) -> ReportingMonth | None:
    """Return the newest complete month with deliveries and enough orders.

    A month is complete when a later month has an order: the choice depends on the data, never on
    the clock. Enough is a twentieth of the orders of the busiest month. If no month qualifies,
    return the newest complete month with deliveries, else the newest with deliveries, else the
    newest.

    Args:
        months: rows of gold.mart_monthly_sales.

    Returns:
        None if there are no months.
    """
    rows = months.sort("purchase_month").to_dicts()
    if not rows:
        return None
    delivered = [row for row in rows if row["delivered"]]
    complete = [row for row in delivered if row is not rows[-1]]
    enough = max(row["orders"] for row in rows) / _TWENTIETH
    large = [row for row in complete if row["orders"] >= enough]
    current = (large or complete or delivered or rows)[-1]
    at, newest = rows.index(current), rows[-1]
    return ReportingMonth(
        current,
        previous=rows[at - 1] if at else None,
        year_ago=rows[at - _MONTHS] if at >= _MONTHS else None,
        excluded=rows[at + 1 :],
        under_way=newest if newest is not current and newest["orders"] >= enough else None,
        complete=current is not newest,
        small=current["orders"] < enough,
    )


def drawn_months(months: pl.DataFrame) -> pl.DataFrame:
    """Return the months that charts show, with `state`: `past`, `reported` or `under way`.

    Charts leave out the months that the sentences leave out, and those before the first month with
    enough orders. Later months with enough orders are under way.

    Args:
        months: rows of gold.mart_monthly_sales, in the order of time.
    """
    month = choose_month(months)
    if month is None:
        return months.with_columns(state=pl.lit(""))
    at, current = pl.col("purchase_month"), month.current["purchase_month"]
    is_large = pl.col("orders") >= months["orders"].max() / _TWENTIETH  # type: ignore[operator]  # a number
    first = months.filter(is_large)["purchase_month"].min()
    state = (
        pl.when(at == current)
        .then(pl.lit("reported" if month.complete else "under way"))
        .when(at > current)
        .then(pl.lit("under way"))
        .otherwise(pl.lit("past"))
    )
    is_drawn = (at == current) | is_large | ((at > str(first)) & (at < current))
    return months.with_columns(state=state).filter(is_drawn)


def describe_month(month: ReportingMonth) -> tuple[str, ...]:
    """Return sentences that compare the month with the one before: money first, then service."""
    now, before = month.current, month.previous or {}
    gmv = relative_change(now["gmv"], before.get("gmv"))
    amount = f"{'at' if gmv == 0 else 'to'} {reais(now['gmv'])}"
    name = month_name(now["purchase_month"])
    sentences = [
        f"GMV in {name} {_change(gmv)} {amount}{_cause(now, before)}.{_targets(month)}",
        _called_off(now, before),
        _service(month) if month.settled else _service_so_far(now),
    ]
    return tuple(filter(None, sentences))


def share_of_target(name: str, of: Month) -> str:
    """Return how much of its target a month has reached; empty if it has none.

    Args:
        name: `gmv` or `orders`.
        of: the month.
    """
    target = of.get(f"{name}_target")
    if target is None:
        return ""
    amount = format(target, ",") if isinstance(target, int) else reais(target)
    return f"{percent(of[f'{name}_reached_share'])} of the target of {amount}"


def explain_choice(month: ReportingMonth) -> str:
    """Return why the report describes this month and which months it excludes."""
    if not month.complete:
        return "No month with deliveries is complete yet, so this month may still grow."
    excluded = ", ".join(
        f"{month_name(each['purchase_month'])} ({pluralize(each['orders'], 'order')}, "
        f"{format(each['delivered'], ',') if each['delivered'] else 'none'} delivered)"
        for each in month.excluded
    )
    size = "" if month.small else " and at least a twentieth of the busiest month's orders"
    return (
        f"{month_name(month.current['purchase_month'])} is the newest complete month with "
        f"deliveries{size}. Excluded: {excluded}."
    )


_TWENTIETH = 20
_MONTHS = 12
_ENOUGH_REVIEWS = 10
_NEARLY_ALL = 0.9


def _cause(now: Month, before: Month) -> str:
    orders = relative_change(now["orders_with_items"], before.get("orders_with_items"))
    value = relative_change(now["average_order_value"], before.get("average_order_value"))
    if orders is None or value is None:
        return f", from {pluralize(now['orders_with_items'], 'order')} with items"
    # The tile shows all orders, so name both numbers if they differ.
    of_all = "" if now["orders_with_items"] == now["orders"] else f" of {now['orders']:,} orders"
    return (
        f": {_compare(orders, 'more', 'fewer', 'as many')} orders with items "
        f"({now['orders_with_items']:,}{of_all}), {reais(now['average_order_value'])} per order "
        f"({_compare(value, 'higher', 'lower', 'as before')})"
    )


def _targets(month: ReportingMonth) -> str:
    """Return how much of their targets the month and the month under way have reached."""
    text = ""
    if share := share_of_target("gmv", month.current):
        text += f" {'That is' if month.complete else 'So far, that is'} {share}."
    if (later := month.under_way) and (share := share_of_target("gmv", later)):
        text += f" {month_name(later['purchase_month'])} has {reais(later['gmv'])} so far, {share}."
    return text


def _called_off(now: Month, before: Month) -> str:
    """Return how GMV changed without the orders that were called off, which GMV includes."""
    gone, gone_before = now["gmv_called_off"], before.get("gmv_called_off")
    if not gone and not gone_before:
        return ""
    rest = now["gmv"] - gone
    change = relative_change(rest, before["gmv"] - gone_before) if before else None
    start = f"Orders called off account for {reais(gone)}"
    if change is None:
        return f"{start}; the rest is {reais(rest)}."
    return (
        f"{start} ({reais(before['gmv_called_off'])} in the month before). Without them, GMV "
        f"{_change(change)}."
    )


def _service_so_far(now: Month) -> str:
    """Return deliveries and reviews of a month that is not settled."""
    if not now["delivered"]:
        return ""
    stars = (
        ""
        if now["review_score"] is None
        else (
            f" Its {pluralize(now['reviews'], 'review')}, including those of undelivered orders, "
            f"average {now['review_score']:.2f} of 5 stars."
        )
    )
    return (
        f"So far, {now['delivered']:,} of its {pluralize(now['orders'], 'order')} have been "
        f"delivered, {percent(now['on_time_share'])} of them on time.{stars} More late deliveries "
        f"may follow, so this report does not compare these numbers with the month before."
    )


def _service(month: ReportingMonth) -> str:
    now, before = month.current, month.previous or {}
    sentences = []
    if (share := now["on_time_share"]) is not None:
        name, earlier = "on_time_share", before.get("on_time_share")
        points = _difference(now, before, name, 100, ".1f", " points")
        change = _against(name, now, before, points, percent(earlier or 0))
        sentences.append(f"{percent(share)} of deliveries were on time{change}.")
    if (score := now["review_score"]) is not None:
        name, earlier = "review_score", before.get("review_score")
        stars = _difference(now, before, name, 1, ".2f", "")
        change = _against(name, now, before, stars, f"{earlier or 0:.2f}")
        sentences.append(f"Reviews average {score:.2f} of 5 stars{change}.")
    return " ".join(sentences)


def is_clearly_different(name: str, now: Month, then: Month) -> bool:
    """Return whether two months differ by more than chance.

    Args:
        name: `on_time_share` or `review_score`; both months have one.
        now: a month.
        then: another month.
    """
    if name == "on_time_share":
        return differ(*((each["delivered_on_time"], each["delivered"]) for each in (now, then)))
    if min(now["reviews"], then["reviews"]) < _ENOUGH_REVIEWS:
        return False
    errors = [each["score_error"] or 0 for each in (now, then)]
    return bool(abs(now[name] - then[name]) > DEVIATIONS * hypot(*errors))


def _against(name: str, now: Month, before: Month, difference: str, value: str) -> str:
    """Return how a mean changed since the month before, if it did by more than chance."""
    if before.get(name) is None or is_clearly_different(name, now, before):
        return difference
    return f", not clearly different from {value} in the month before"


def _difference(  # noqa: PLR0913, PLR0917 - one value, its scale and its format
    now: Month, before: Month, name: str, scale: int, number_format: str, unit: str
) -> str:
    if before.get(name) is None:
        return ""
    difference = (now[name] - before[name]) * scale
    text = format(abs(difference), number_format)
    if float(text) == 0:
        return ", as in the month before"
    return f", {text}{unit} {'more' if difference > 0 else 'less'} than in the month before"


def _change(change: float | None) -> str:
    """Return the verb for a change of an amount, to be followed by the amount."""
    if change is None:
        return "came"
    if change == 0:
        return "stayed the same"
    return f"{'rose' if change > 0 else 'fell'} by {percent(abs(change))}"


def _compare(change: float, more: str, less: str, same: str) -> str:
    return same if change == 0 else f"{percent(abs(change))} {more if change > 0 else less}"
