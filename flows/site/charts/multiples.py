"""Small charts of one form side by side, each with a title."""

import altair as alt
import polars as pl

from flows.site.charts.axes import FRACTION, LETTER, y_axis
from flows.site.charts.marks import PLAIN
from flows.site.charts.svg import AnyChart


def column_multiples(  # noqa: PLR0913, PLR0917 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    width: int,
    by: str,
    x: str,
    y: str,
    tooltip: str,
    *,
    number_format: str,
    across: int,
) -> AnyChart:
    """Draw columns for each value of a column, on one vertical scale.

    Args:
        frame: the rows, in the order of the small charts and of their columns.
        width: width of all charts in pixels.
        by: the column that divides the rows.
        x: the column with the months as yyyy-mm. Only the first and the last one has a label, and a
            month without a row leaves a gap.
        y: the column with the heights.
        tooltip: a Vega expression.
        number_format: format of the vertical axis.
        across: how many small charts are in a row.
    """
    positions = _months(frame[x])
    ends = [positions[0], positions[-1]]
    align = alt.ExprRef(f"datum.value == '{ends[1]}' ? 'right' : 'left'")
    axis = alt.Axis(values=ends, labelAngle=0, labelAlign=align, ticks=False, labelPadding=6)
    scale = alt.Scale(domain=[0, float(frame[y].max() or 1)])  # type: ignore[arg-type]  # a number
    each = width // across - _AXIS
    charts = [
        alt.Chart(rows)
        .transform_calculate(tooltip=tooltip)
        .mark_bar(color=PLAIN)
        .encode(
            x=alt.X(f"{x}:N", title=None, axis=axis, scale=alt.Scale(domain=positions)),
            y=alt.Y(f"{y}:Q", title=None, axis=y_axis(number_format, ticks=2), scale=scale),
            description="tooltip:N",
        )
        .properties(width=each, height=_HEIGHT, title=alt.Title(str(name), offset=8))
        for (name,), rows in frame.group_by(by, maintain_order=True)
    ]
    return _beside(charts, across)


def range_multiples(  # noqa: PLR0913, PLR0917 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    width: int,
    by: str,
    y: str,
    ends: tuple[str, str],
    tooltip: str,
    *,
    title: str,
    across: int,
) -> AnyChart:
    """Draw, for each value of a column, one bar per row and a line from its end to a second value.

    Args:
        frame: the rows, in the order of the small charts and of their bars.
        width: width of all charts in pixels.
        by: the column that divides the rows.
        y: the column with the names of the bars.
        ends: the columns with the end of the bar and with the end of the line.
        tooltip: a Vega expression.
        title: title of the horizontal axis.
        across: how many small charts are in a row.
    """
    letters = max((len(str(name)) for name in frame[y]), default=0)
    each = width // across - round(letters * LETTER) - _MARGIN
    charts = []
    for (name,), rows in frame.group_by(by, maintain_order=True):
        base = (
            alt.Chart(rows)
            .transform_calculate(tooltip=tooltip)
            .encode(
                y=alt.Y(
                    f"{y}:N",
                    sort=None,
                    title=None,
                    axis=alt.Axis(domain=False, ticks=False, labelPadding=6),
                )
            )
        )
        axis = y_axis(FRACTION, ticks=3)
        x = alt.X(f"{ends[0]}:Q", title=title, axis=axis)
        bars = base.mark_bar(color=PLAIN, height=alt.RelativeBandSize(0.6)).encode(
            x=x, description="tooltip:N"
        )
        lines = base.mark_rule(color="var(--quiet)", strokeWidth=1.5, aria=False).encode(
            x=alt.X(f"{ends[0]}:Q", title=title), x2=f"{ends[1]}:Q"
        )
        height = 20 * len(rows)
        charts.append((bars + lines).properties(width=each, height=height, title=str(name)))
    return _beside(charts, across)


def _months(months: pl.Series) -> list[str]:
    """Return all months from the first to the last."""
    first, last = months.str.to_date("%Y-%m").sort()[[0, -1]]
    return pl.date_range(first, last, "1mo", eager=True).dt.to_string("%Y-%m").to_list()


def _beside(charts: list[AnyChart], across: int) -> AnyChart:
    return alt.concat(*charts, columns=across, spacing=16).properties(padding=2)


_AXIS, _HEIGHT, _MARGIN = 64, 90, 48
