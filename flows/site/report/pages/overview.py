"""The overview page: the newest month compared with the month before."""

import polars as pl
from polars import col

from contracts.gold.mart_monthly_sales import MartMonthlySales
from flows.config.plural import pluralize
from flows.site.charts import marks
from flows.site.charts.marks import COUNT, FAINT, PLAIN, REAIS, SCORE, SHARE, STRONG
from flows.site.charts.svg import AnyChart
from flows.site.formatting import month_name, percent, relative_change
from flows.site.report.model import Frames, Page, PageSummary, Panel, Tile, format_value, label
from flows.site.report.reporting_month import (
    Month,
    ReportingMonth,
    choose_month,
    describe_month,
    explain_choice,
)


def summarize(frames: Frames) -> PageSummary:
    """Compare the newest complete month with the month before."""
    month = choose_month(frames["monthly-gmv"])
    if not month:
        return PageSummary("No orders yet")
    return PageSummary(
        f"{month_name(month.current['purchase_month'])} at a glance",
        describe_month(month),
        _tiles(month),
        (explain_choice(month),),
    )


def _statement(*columns: str) -> str:
    """Return a statement for some columns and the two that `choose_month` needs."""
    return f"""
SELECT purchase_month, {", ".join(columns)}, orders, delivered
FROM gold.mart_monthly_sales
ORDER BY purchase_month
"""  # noqa: S608 - the column names are literals of this module


def _tiles(month: ReportingMonth) -> tuple[Tile, ...]:
    names = ("gmv", "orders", "average_order_value", "on_time_share", "review_score")
    definition = PANELS[0].definition
    return tuple(
        Tile(
            label(name),
            format_value(name, month.current[name]),
            definition(name),
            _note(name, month),
        )
        for name in names
    )


def _note(name: str, month: ReportingMonth) -> str:
    """Return the change of a number since the month before."""
    now, before = month.current[name], (month.previous or {}).get(name)
    if now is None or not before:
        return "no earlier month to compare"
    if name in _SETTLE_LATE and not month.settled:
        return _so_far(name, month.current)
    change = relative_change(now, before) or 0
    arrow = "▲" if change > 0 else "▼" if change < 0 else "="
    amounts = {
        "on_time_share": f"{abs(now - before):.1%}".replace("%", " points"),
        "review_score": f"{abs(now - before):.2f} points",
    }
    amount = amounts.get(name, percent(abs(change)))
    return f"{arrow} {amount} vs {month_name(month.previous['purchase_month'])}"  # type: ignore[index]  # there is a value before, so there is a month


_SETTLE_LATE = ("on_time_share", "review_score")
"""Numbers that look too good until nearly all orders of the month are delivered."""


def _so_far(name: str, now: Month) -> str:
    if name == "review_score":
        return f"{pluralize(now['reviews'], 'review')} so far, also of undelivered orders"
    return f"{now['delivered']:,} of {pluralize(now['orders'], 'order')} delivered so far"


def _highlight(frame: pl.DataFrame) -> pl.DataFrame:
    """Colour the reporting month strong and the excluded months grey."""
    month = choose_month(frame)
    current = month.current["purchase_month"] if month else ""
    colour = (
        pl.when(col("purchase_month") == current)
        .then(pl.lit(STRONG))
        .when(col("purchase_month") > current)
        .then(pl.lit(FAINT))
        .otherwise(pl.lit(PLAIN))
    )
    return frame.with_columns(colour=colour)


def _without_excluded(frame: pl.DataFrame) -> pl.DataFrame:
    """Drop the excluded months, whose averages come from a handful of orders."""
    return _highlight(frame).filter(col("colour") != FAINT)


def _gmv(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = "datum.purchase_month + ': R$ ' + format(datum.gmv, ',.2f')"
    return marks.column_chart(
        _highlight(frame), width, "purchase_month", "gmv", tooltip, number_format=REAIS
    )


def _orders(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = "datum.purchase_month + ': ' + " + marks.plural("orders", "order")
    return marks.column_chart(
        _highlight(frame), width, "purchase_month", "orders", tooltip, number_format=COUNT
    )


def _order_value(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = "datum.purchase_month + ': R$ ' + format(datum.average_order_value, ',.2f')"
    return _line(frame, width, "average_order_value", tooltip, REAIS)


def _on_time(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = (
        "datum.purchase_month + ': ' + format(datum.on_time_share, '.1%')"
        " + ' of ' + " + marks.plural("delivered", "delivery", "deliveries")
    )
    return _line(frame, width, "on_time_share", tooltip, SHARE)


def _score(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = (
        "datum.purchase_month + ': ' + format(datum.review_score, '.2f')"
        " + ' from ' + " + marks.plural("reviews", "review")
    )
    return _line(frame, width, "review_score", tooltip, SCORE)


def _line(frame: pl.DataFrame, width: int, y: str, tooltip: str, number_format: str) -> AnyChart:
    return marks.line_chart(
        _without_excluded(frame), width, "purchase_month", y, tooltip, number_format=number_format
    )


_LINE_NOTE = "The axis does not start at zero. Excluded months are not drawn."

PANELS = (
    Panel(
        "monthly-gmv",
        "GMV by month",
        "Each column is a month of purchase. The dark column is the month described above; "
        "excluded months are grey.",
        _statement(
            *("gmv", "growth", "gmv_called_off", "orders_with_items", "average_order_value"),
            *("on_time_share", "reviews", "review_score"),
        ),
        MartMonthlySales,
        _gmv,
        wide=True,
    ),
    Panel(
        "monthly-orders",
        "Orders by month",
        "All orders placed, including those called off later.",
        _statement("orders_with_items"),
        MartMonthlySales,
        _orders,
    ),
    Panel(
        "monthly-order-value",
        "Average order (ticket médio) by month",
        f"GMV per order with items. {_LINE_NOTE}",
        _statement("average_order_value", "gmv", "orders_with_items"),
        MartMonthlySales,
        _order_value,
    ),
    Panel(
        "monthly-on-time",
        "On-time deliveries by month of purchase",
        f"Share of deliveries that arrived by the estimated date. {_LINE_NOTE}",
        _statement("on_time_share"),
        MartMonthlySales,
        _on_time,
    ),
    Panel(
        "monthly-score",
        "Review score by month of purchase",
        f"Mean of all reviews from 1 to 5, including those of undelivered orders. {_LINE_NOTE}",
        _statement("review_score", "reviews"),
        MartMonthlySales,
        _score,
    ),
)

PAGE = Page("index.html", "Overview", summarize, PANELS)
