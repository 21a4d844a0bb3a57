"""Small charts by day with the table of their values, which several sites show."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from flows.monitoring.deliveries import Delivery
from flows.site.charts.day_bars import DAYS, delivery_bars, usual
from flows.site.charts.svg import AnyChart, chart_to_svg

WIDTH = 326
"""Width of a small chart in pixels; it fits on a phone."""


class DailyChart(NamedTuple):
    """A small chart with the table of its values."""

    name: str
    """Identifies the chart on its page."""
    title: str
    caption: str
    svg: Markup
    headings: tuple[str, ...]
    """The first column is text; the others are numbers."""
    rows: Sequence[tuple[str, ...]]


def draw(chart: AnyChart) -> Markup:
    """Return a chart as SVG for a page."""
    return Markup(chart_to_svg(chart))  # noqa: S704 - drawn by this package


def delivery_chart(name: str, deliveries: Sequence[Delivery]) -> DailyChart:
    """Return the chart and the table of the last deliveries of a source.

    Args:
        name: the bronze table.
        deliveries: oldest first, at least one.
    """
    deliveries = deliveries[-DAYS:]
    unusual = sum(each.is_usual is False for each in deliveries)
    known = sum(each.band is not None for each in deliveries)
    shown = (
        "the last delivery" if len(deliveries) == 1 else f"the last {len(deliveries)} deliveries"
    )
    words = f"{unusual or 'none'} of them unusual" if known else "no usual number is known"
    return DailyChart(
        f"deliveries-{name}",
        f"Deliveries of {name.partition('.')[2].replace('_', ' ')}",
        f"Records of {shown}, by day: {words}.",
        draw(delivery_bars(deliveries, WIDTH)),
        ("Day", "Records", "Usual"),
        [
            (
                f"{each.day:%a} {each.day}",
                f"{each.records:,}" + (" so far" if each.is_usual is None else ""),
                usual(each),
            )
            for each in reversed(deliveries)
        ],
    )
