"""The first page: how the newest month went."""

import polars as pl
from polars import col

from contracts.gold.mart_monthly_sales import MartMonthlySales
from flows.config.plural import pluralize
from flows.site.charts import marks
from flows.site.charts.marks import COUNT, FAINT, PLAIN, REAIS, SCORE, SHARE, STRONG
from flows.site.charts.svg import AnyChart
from flows.site.formatting import change, month, percent
from flows.site.report.model import Figure, Frames, Page, Tile, Told, label, said
from flows.site.report.reporting_month import Month, Period, left_out, period, sentences


def _months(*columns: str) -> str:
    """Return the statement of a figure: its own columns, and those that tell a month's size."""
    return f"""
SELECT purchase_month, {", ".join(columns)}, orders, delivered
FROM gold.mart_monthly_sales
ORDER BY purchase_month
"""  # noqa: S608 - names of ours


def tell(frames: Frames) -> Told:
    """Compare the newest month that is over with the one before."""
    told = period(frames["monthly-gmv"])
    if not told:
        return Told("Nothing has been sold yet")
    headline = f"How {month(told.now['purchase_month'])} went"
    return Told(headline, sentences(told), _tiles(told), (left_out(told),))


def _tiles(told: Period) -> tuple[Tile, ...]:
    names = ("gmv", "orders", "average_order_value", "on_time_share", "review_score")
    return tuple(
        Tile(label(name), said(name, told.now[name]), MONTHLY[0].means(name), _compared(name, told))
        for name in names
    )


def _compared(name: str, told: Period) -> str:
    now, before = told.now[name], (told.before or {}).get(name)
    if now is None or not before:
        return "nothing to compare with"
    if name in _SETTLE_LATE and not told.settled:
        return _so_far(name, told.now)
    by = change(now, before) or 0
    arrow = "▲" if by > 0 else "▼" if by < 0 else "="
    amounts = {
        "on_time_share": f"{abs(now - before):.1%}",
        "review_score": f"{abs(now - before):.2f}",
    }
    points = amounts.get(name, percent(abs(by))).replace("%", " points" if name in amounts else "%")
    return f"{arrow} {points} vs {month(told.before['purchase_month'])}" if told.before else ""


_SETTLE_LATE = ("on_time_share", "review_score")


def _so_far(name: str, now: Month) -> str:
    """Say of how much a figure is that what is still to come will change."""
    if name == "review_score":
        return f"of {pluralize(now['reviews'], 'review')}, also of what has not come"
    return f"{now['delivered']:,} of {pluralize(now['orders'], 'order')} came so far"


def _marked(frame: pl.DataFrame) -> pl.DataFrame:
    """Colour the month that is told of, and those behind it."""
    told = period(frame)
    now = told.now["purchase_month"] if told else ""
    at = col("purchase_month")
    colour = (
        pl.when(at == now)
        .then(pl.lit(STRONG))
        .when(at > now)
        .then(pl.lit(FAINT))
        .otherwise(pl.lit(PLAIN))
    )
    return frame.with_columns(colour=colour)


def _gmv(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = "datum.purchase_month + ': R$ ' + format(datum.gmv, ',.2f')"
    return marks.columns(_marked(frame), width, "purchase_month", "gmv", tip, form=REAIS)


def _orders(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = "datum.purchase_month + ': ' + " + marks.plural("orders", "order")
    return marks.columns(_marked(frame), width, "purchase_month", "orders", tip, form=COUNT)


def _order_value(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = "datum.purchase_month + ': R$ ' + format(datum.average_order_value, ',.2f')"
    return marks.line(
        _marked(frame), width, "purchase_month", "average_order_value", tip, form=REAIS
    )


def _on_time(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = (
        "datum.purchase_month + ': ' + format(datum.on_time_share, '.1%')"
        " + ' of ' + " + marks.plural("delivered", "delivery", "deliveries")
    )
    return marks.line(_marked(frame), width, "purchase_month", "on_time_share", tip, form=SHARE)


def _score(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = (
        "datum.purchase_month + ': ' + format(datum.review_score, '.2f')"
        " + ' from ' + " + marks.plural("reviews", "review")
    )
    return marks.line(_marked(frame), width, "purchase_month", "review_score", tip, form=SCORE)


MONTHLY = (
    Figure(
        "monthly-gmv",
        "GMV by month",
        "Each column is a month of purchase. The month that is told of above stands out; those "
        "left out are grey.",
        _months(
            *("gmv", "growth", "gmv_called_off", "orders_with_items", "average_order_value"),
            *("on_time_share", "reviews", "review_score"),
        ),
        MartMonthlySales,
        _gmv,
        wide=True,
    ),
    Figure(
        "monthly-orders",
        "Orders by month",
        "Orders placed, whatever became of them.",
        _months("orders_with_items"),
        MartMonthlySales,
        _orders,
    ),
    Figure(
        "monthly-order-value",
        "Average order (ticket médio) by month",
        "GMV per order that has items. The axis does not begin at zero.",
        _months("average_order_value", "gmv", "orders_with_items"),
        MartMonthlySales,
        _order_value,
    ),
    Figure(
        "monthly-on-time",
        "Delivered on time, by month of purchase",
        "The axis does not begin at zero. A month without deliveries leaves a gap.",
        _months("on_time_share"),
        MartMonthlySales,
        _on_time,
    ),
    Figure(
        "monthly-score",
        "Review score, by month of purchase",
        "The mean of all reviews, from 1 to 5, those of orders that did not come among them. The "
        "axis does not begin at zero.",
        _months("review_score", "reviews"),
        MartMonthlySales,
        _score,
    ),
)

PAGE = Page("index.html", "Overview", tell, MONTHLY)
