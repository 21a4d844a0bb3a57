"""Small charts of one bar per day, and of the deliveries of a source."""

from collections.abc import Sequence
from math import inf

import altair as alt
import polars as pl

from flows.config.plural import pluralize
from flows.monitoring.deliveries import Delivery
from flows.site.charts.axes import COUNT, y_axis
from flows.site.charts.marks import FAINT, LATE, PLAIN
from flows.site.charts.svg import AnyChart
from flows.site.formatting import DASH

DAYS = 60
"""Days that a chart has room for; the newest is at the right edge."""


def day_bars(
    frame: pl.DataFrame, width: int, *, number_format: str = COUNT, top: float | None = None
) -> AnyChart:
    """Draw one bar per row.

    Args:
        frame: at most `DAYS` rows with `day`, `value` and `tooltip`, in the order of time; an
            optional column `colour` sets the colour of each bar, and `low` and `high` a band
            behind it.
        width: width of the chart in pixels.
        number_format: format of the vertical axis.
        top: the end of the vertical axis; by default the largest value.
    """
    days = [str(day) for day in frame["day"]]
    ends = [days[0], days[-1]] if len(days) > _TWO_LABELS else days[-1:]
    # The label of the last day ends at its bar, and the label of the first one begins there.
    align = alt.ExprRef(f"datum.value == '{days[-1]}' ? 'right' : 'left'")
    x = alt.X(
        "day:N",
        sort=None,
        title=None,
        axis=alt.Axis(
            values=ends,
            labelAngle=0,
            ticks=False,
            labelAlign=align,
            labelPadding=6,
            domainColor="var(--line)",
        ),
        scale=alt.Scale(domain=[*_free(DAYS - len(days)), *days], padding=0.2),
    )
    axis = y_axis(number_format, ticks=3)
    scale = alt.Scale(domainMax=top) if top else alt.Undefined
    base = alt.Chart(frame.with_columns(day=pl.Series(days))).encode(x=x)
    layers = base.mark_bar().encode(
        y=alt.Y("value:Q", title=None, axis=axis, scale=scale),
        color=alt.Color("colour:N", scale=None, legend=None)
        if "colour" in frame.columns
        else alt.value(PLAIN),
        description="tooltip:N",
    )
    if "high" in frame.columns and frame["high"].count():
        band = (
            base.transform_filter("isValid(datum.high)")
            .mark_bar(color="var(--step-1)", aria=False, width=alt.RelativeBandSize(1.25))
            .encode(y=alt.Y("low:Q", title=None, axis=axis), y2="high:Q")
        )
        layers = band + layers
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return layers.properties(width=width, height=_HEIGHT, autosize=fit, padding=2)


def delivery_bars(deliveries: Sequence[Delivery], width: int) -> AnyChart:
    """Draw the deliveries of a source, with the usual numbers of records as a band.

    Unusual deliveries have another colour, and so has one that may still grow.

    Args:
        deliveries: oldest first, at least one.
        width: width of the chart in pixels.
    """
    frame = pl.DataFrame(
        [
            {
                "day": each.day,
                "value": each.records,
                "low": each.band.low if each.band else None,
                "high": each.band.high if each.band and each.band.high < inf else None,
                "tooltip": describe(each),
                "colour": _COLOURS[each.is_usual],
            }
            for each in deliveries
        ],
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )
    return day_bars(frame, width)


_COLOURS = {True: PLAIN, False: LATE, None: FAINT}


def describe(delivery: Delivery) -> str:
    """Return a delivery in words."""
    growing = " so far" if delivery.is_usual is None else ""
    records = f"{delivery.day:%a} {delivery.day}: {pluralize(delivery.records, 'record')}{growing}"
    return f"{records} (usual: {usual(delivery)})" if delivery.band else records


def usual(delivery: Delivery) -> str:
    """Return the usual number of records in words, or a dash as long as it is not known."""
    if not delivery.band:
        return DASH
    low, high, *_ = delivery.band
    return f"{low:,.0f} or more" if high == inf else f"{low:,.0f} to {high:,.0f}"


def _free(slots: int) -> list[str]:
    """Return names for slots without a bar."""
    return [" " * length for length in range(1, slots + 1)]


_HEIGHT = 120
_TWO_LABELS = 12
"""Bars that the labels of the first and the last day need between them."""
