"""Which month a report tells of, and what it says of it."""

from typing import Any, NamedTuple

import polars as pl

from flows.config.plural import pluralize
from flows.site.formatting import change, month, moved, percent, reais

Month = dict[str, Any]
"""A row of gold.mart_monthly_sales."""


class Period(NamedTuple):
    """The month that is told of, the calendar month before it, and those that are left out."""

    now: Month
    before: Month | None
    left_out: list[Month]
    over: bool
    """Whether the month has ended."""
    stub: bool
    """Whether it has not a twentieth of the orders of the busiest month."""

    @property
    def settled(self) -> bool:
        """Whether nearly all of its orders were delivered.

        Else its deliveries and reviews look better than they will: what is late comes last.
        """
        return bool(self.now["delivered"] >= self.now["orders"] * _NEARLY_ALL)


def period(months: pl.DataFrame) -> Period | None:
    """Choose the newest month that is over, in which something was delivered, and that is no stub.

    A month is over when there is an order of a later one: it depends on the data, never on the
    clock. A stub has not a twentieth of the orders of the busiest month: most are still to come.
    Where there is no such month, the newest with a delivery is taken, else the newest. Without
    months there is no period.
    """
    rows = months.sort("purchase_month").to_dicts()
    if not rows:
        return None
    delivered = [row for row in rows if row["delivered"]]
    over = [row for row in delivered if row is not rows[-1]]
    enough = max(row["orders"] for row in rows) / _STUB
    now = ([row for row in over if row["orders"] >= enough] or over or delivered or rows)[-1]
    at = rows.index(now)
    before = rows[at - 1] if at else None
    return Period(now, before, rows[at + 1 :], now is not rows[-1], now["orders"] < enough)


def sentences(told: Period) -> tuple[str, ...]:
    """Say what the month was like beside the one before: money first, then people."""
    now, before = told.now, told.before or {}
    gmv = change(now["gmv"], before.get("gmv"))
    to = f"to {reais(now['gmv'])}" if gmv != 0 else f"at {reais(now['gmv'])}"
    return (
        f"In {month(now['purchase_month'])} GMV {moved(gmv)} {to}{_because(now, before)}.",
        *filter(None, [_called_off(now, before), _went(told) if told.settled else _goes(now)]),
    )


def left_out(told: Period) -> str:
    """Say which months are not told of, and why; nothing where none is."""
    if not told.over:
        return "No month with a delivery is over yet: this one may still grow."
    named = ", ".join(
        f"{month(each['purchase_month'])} ({pluralize(each['orders'], 'order')}, "
        f"{each['delivered'] or 'none'} delivered)"
        for each in told.left_out
    )
    size = "" if told.stub else " and has a twentieth of the busiest month's orders"
    return (
        f"{month(told.now['purchase_month'])} is the newest month with deliveries that is over"
        f"{size}. Left out: {named}."
    )


_STUB = 20
_NEARLY_ALL = 0.9


def _because(now: Month, before: Month) -> str:
    orders = change(now["orders_with_items"], before.get("orders_with_items"))
    value = change(now["average_order_value"], before.get("average_order_value"))
    if orders is None or value is None:
        return f", from {pluralize(now['orders_with_items'], 'order')} with items"
    # Of how many, where the figure differs from the one that is called orders.
    of = "" if now["orders_with_items"] == now["orders"] else f" of {now['orders']:,}"
    return (
        f": {_more(orders, 'more', 'fewer')} orders with items "
        f"({now['orders_with_items']:,}{of}), at an average of {reais(now['average_order_value'])} "
        f"({_more(value, 'higher', 'lower')})"
    )


def _called_off(now: Month, before: Month) -> str:
    """Say how the month went without what was called off later, which GMV counts."""
    gone, of_before = now["gmv_called_off"], before.get("gmv_called_off")
    if not gone and not of_before:
        return ""
    left = now["gmv"] - gone
    by = change(left, before["gmv"] - of_before) if before else None
    said = f"Of this {reais(gone)} was called off"
    if by is None:
        return f"{said}, which leaves {reais(left)}."
    return (
        f"{said}, of the month before {reais(before['gmv_called_off'])}: without either, GMV "
        f"{moved(by)}."
    )


def _goes(now: Month) -> str:
    """Say of a month that is not settled how it looks so far."""
    if not now["delivered"]:
        return ""
    stars = (
        ""
        if now["review_score"] is None
        else (
            f"; its {pluralize(now['reviews'], 'review')}, also of what has not come, gave "
            f"{now['review_score']:.2f} of 5 stars"
        )
    )
    return (
        f"So far {now['delivered']:,} of its {pluralize(now['orders'], 'order')} came, "
        f"{percent(now['on_time_share'])} of them on time{stars}. What is late comes last, so this "
        f"is not compared with the month before."
    )


def _went(told: Period) -> str:
    now, before = told.now, told.before or {}
    parts = []
    if now["on_time_share"] is not None:
        points = _difference(now, before, "on_time_share", 100, ".1f", " points")
        parts.append(f"{percent(now['on_time_share'])} of its deliveries came on time{points}")
    if now["review_score"] is not None:
        stars = _difference(now, before, "review_score", 1, ".2f", "")
        parts.append(f"reviews gave {now['review_score']:.2f} of 5 stars{stars}")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _difference(  # noqa: PLR0913, PLR0917 - how a figure is compared and written
    now: Month, before: Month, name: str, times: int, form: str, unit: str
) -> str:
    if before.get(name) is None:
        return ""
    by = (now[name] - before[name]) * times
    said = format(abs(by), form)
    if float(said) == 0:
        return ", as in the month before"
    return f", {said}{unit} {'more' if by > 0 else 'less'} than in the month before"


def _more(by: float, up: str, down: str) -> str:
    if by == 0:
        return "as many" if up == "more" else "as before"
    return f"{percent(abs(by))} {up if by > 0 else down}"
