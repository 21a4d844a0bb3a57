"""The overview page: the newest month compared with the month before."""

import polars as pl
from polars import col

from contracts.gold.mart_monthly_sales import MartMonthlySales
from contracts.gold.mart_monthly_targets import MartMonthlyTargets
from flows.config.plural import pluralize
from flows.site.charts import marks
from flows.site.charts.axes import COUNT, REAIS, SCORE, SHARE
from flows.site.charts.marks import PLAIN, STRONG
from flows.site.charts.svg import AnyChart
from flows.site.formatting import month_name, percent, relative_change
from flows.site.report.model import Frames, Page, PageSummary, Panel, Tile, format_value, label
from flows.site.report.reporting_month import (
    Month,
    ReportingMonth,
    choose_month,
    describe_month,
    drawn_months,
    explain_choice,
    is_clearly_different,
    share_of_target,
)


def summarize(frames: Frames) -> PageSummary:
    """Compare the newest complete month with the month before."""
    months = frames["monthly-gmv"]
    month = choose_month(months)
    if not month:
        return PageSummary("No orders yet")
    is_dashed = "under way" in drawn_months(months)["state"]
    return PageSummary(
        f"{month_name(month.current['purchase_month'])} at a glance",
        describe_month(month),
        _tiles(month),
        (explain_choice(month), *([_DASHED] if is_dashed else [])),
    )


_SCORE_ERROR = """(
           SELECT sqrt((6 * sum(stars) - 8 * sum(reviews)
                        + 3 * sum(one_star_reviews + five_star_reviews)) / sum(reviews)
                       - (sum(stars) / sum(reviews)) ** 2) / sqrt(sum(reviews))
           FROM gold.agg_monthly_orders AS orders_of_month
           WHERE orders_of_month.purchase_month = mart_monthly_sales.purchase_month
                 AND orders_of_month.reviews > 0
       ) AS score_error"""
"""The first sum is that of the squared scores, if no review has three stars; otherwise a bit more:
`6 s - 8` is 4 and 16 for two and four stars, and `6 s - 5` is 1 and 25 for one and five."""


_SALES = "gold.mart_monthly_sales"
_SALES_AND_TARGETS = f"{_SALES} LEFT JOIN gold.mart_monthly_targets USING (purchase_month)"


def _statement(*columns: str, tables: str = _SALES) -> str:
    """Return a statement for some columns and the two that `choose_month` needs."""
    return f"""
SELECT purchase_month, {", ".join(columns)}, orders, delivered
FROM {tables}
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
    """Return how a number compares with earlier months, and with its target if it has one."""
    notes = [_changes(name, month)]
    if share := share_of_target(name, month.current):
        notes.append(f"{share}{'' if month.complete else ' so far'}")
    return "\n".join(notes)


def _changes(name: str, month: ReportingMonth) -> str:
    """Return the change of a number since the month before, and since the same month a year ago."""
    if month.current[name] is None:
        return "no earlier month to compare with"
    if name in _SETTLE_LATE and not month.settled:
        return _so_far(name, month.current)
    earlier = [then for then in (month.previous, month.year_ago) if then and then[name]]
    changes = [_compared(name, month.current, then) for then in earlier]
    return "\n".join(changes) or "no earlier month to compare with"


def _compared(name: str, now: Month, then: Month) -> str:
    """Return the change of a number since an earlier month."""
    when = month_name(then["purchase_month"])
    if name in _SETTLE_LATE and not is_clearly_different(name, now, then):
        return f"not clearly different from {when}"
    change = relative_change(now[name], then[name]) or 0
    amounts = {
        "on_time_share": f"{abs(now[name] - then[name]):.1%}".replace("%", " points"),
        "review_score": f"{abs(now[name] - then[name]):.2f} points",
    }
    amount = amounts.get(name, percent(abs(change)))
    if change == 0:
        return f"= as in {when}"
    return f"{'▲' if change > 0 else '▼'} {amount} vs {when}"


_SETTLE_LATE = ("on_time_share", "review_score")
"""Numbers that look too good until nearly all orders of the month are delivered."""


def _so_far(name: str, now: Month) -> str:
    if name == "review_score":
        return f"{pluralize(now['reviews'], 'review')} so far, including undelivered orders"
    return f"{now['delivered']:,} of {pluralize(now['orders'], 'order')} delivered so far"


def _months(frame: pl.DataFrame) -> pl.DataFrame:
    """Colour the reported month strong, and mark the months under way."""
    is_reported = col("state") == "reported"
    return drawn_months(frame).with_columns(
        colour=pl.when(is_reported).then(pl.lit(STRONG)).otherwise(pl.lit(PLAIN)),
        is_dashed=col("state") == "under way",
        so_far=pl.when(col("state") == "under way").then(pl.lit(" so far")).otherwise(pl.lit("")),
    )


def _gmv(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = (
        "datum.purchase_month + ': R$ ' + format(datum.gmv, ',.2f') + datum.so_far"
        " + (datum.gmv_year_ago ? ', a year earlier R$ ' + format(datum.gmv_year_ago, ',.2f') : '')"
        " + (datum.target ? ', target R$ ' + format(datum.target, ',.2f') : '')"
    )
    months = _months(frame)
    compared = set(months["purchase_month"])
    a_year_ago = pl.when(_year_ago(col("purchase_month")).is_in(compared)).then("gmv_year_ago")
    return marks.column_chart(
        months.with_columns(a_year_earlier=a_year_ago, target=col("gmv_target")),
        width,
        "purchase_month",
        "gmv",
        tooltip,
        number_format=REAIS,
    )


def _year_ago(month: pl.Expr) -> pl.Expr:
    return month.str.to_date("%Y-%m").dt.offset_by("-1y").dt.strftime("%Y-%m")


def _orders(frame: pl.DataFrame, width: int) -> AnyChart:
    orders = marks.plural("orders", "order")
    tooltip = (
        f"datum.purchase_month + ': ' + {orders} + datum.so_far"
        " + (datum.target ? ', target ' + format(datum.target, ',') : '')"
    )
    months = _months(frame).with_columns(target=col("orders_target"))
    return marks.column_chart(
        months, width, "purchase_month", "orders", tooltip, number_format=COUNT
    )


def _order_value(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = (
        "datum.purchase_month + ': R$ ' + format(datum.average_order_value, ',.2f') + datum.so_far"
    )
    return _line(_months(frame), width, "average_order_value", tooltip, REAIS)


def _on_time(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = (
        "datum.purchase_month + ': ' + format(datum.on_time_share, '.1%')"
        " + ' of ' + " + marks.plural("delivered", "delivery", "deliveries")
    )
    return _line(_past(frame), width, "on_time_share", tooltip, SHARE)


def _score(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = (
        "datum.purchase_month + ': ' + format(datum.review_score, '.2f')"
        " + ' from ' + " + marks.plural("reviews", "review")
    )
    return _line(_past(frame), width, "review_score", tooltip, SCORE, domain=(1, 5))


def _past(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out the months under way, whose late deliveries are still to come."""
    months = _months(frame)
    return months if months["is_dashed"].all() else months.filter(~col("is_dashed"))


def _line(  # noqa: PLR0913, PLR0917 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    width: int,
    y: str,
    tooltip: str,
    number_format: str,
    domain: tuple[float, float] | None = None,
) -> AnyChart:
    return marks.line_chart(
        frame, width, "purchase_month", y, tooltip, number_format=number_format, domain=domain
    )


_FEW = "Months with less than a twentieth of the busiest month's orders are not drawn."
_DASHED = "Dashed columns and lines show months under way."
_LINE_NOTE = "The axis does not start at zero."
_TARGETS = MartMonthlyTargets.descriptions()

PANELS = (
    Panel(
        "monthly-gmv",
        "GMV by month",
        f"Each column is a month of purchase; the highlighted one is described above. {_FEW}",
        _statement(
            *("gmv", "growth", "lag(gmv, 12) OVER (ORDER BY purchase_month) AS gmv_year_ago"),
            *("gmv_called_off", "orders_with_items", "average_order_value"),
            *("delivered_on_time", "on_time_share", "reviews", "review_score", _SCORE_ERROR),
            *("gmv_target", "gmv_reached_share", "orders_target", "orders_reached_share"),
            tables=_SALES_AND_TARGETS,
        ),
        MartMonthlySales,
        _gmv,
        wide=True,
        extra_definitions=_TARGETS
        | {
            "gmv_year_ago": "GMV of the same month a year earlier in BRL.",
            "score_error": "Upper bound of the standard error of the review score.",
        },
    ),
    Panel(
        "monthly-orders",
        "Orders by month",
        "All orders placed, including those called off later.",
        _statement(
            *("orders_with_items", "orders_target", "orders_reached_share"),
            tables=_SALES_AND_TARGETS,
        ),
        MartMonthlySales,
        _orders,
        extra_definitions=_TARGETS,
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
        "Share of deliveries that arrived by the estimated date. Months under way are left out. "
        f"{_LINE_NOTE}",
        _statement("on_time_share"),
        MartMonthlySales,
        _on_time,
    ),
    Panel(
        "monthly-score",
        "Review score by month of purchase",
        "Mean score of all reviews, from 1 to 5, including those of undelivered orders. Months "
        "under way are left out.",
        _statement("review_score", "reviews"),
        MartMonthlySales,
        _score,
    ),
)

PAGE = Page("index.html", "Overview", summarize, PANELS)
