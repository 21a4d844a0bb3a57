"""The chart forms that pages share: columns, bars, lines and cells."""

from math import ceil
from typing import Any

import altair as alt
import polars as pl

from flows.site.charts.svg import AnyChart

PLAIN, STRONG, LATE, FAINT = "var(--bar)", "var(--step-5)", "var(--late)", "var(--superseded)"
STEPS = [f"var(--step-{number})" for number in range(1, 6)]
"""Five colours from low to high. Text on the last two needs the colour of the page."""

REAIS, COUNT, SHARE, SCORE = "R$", ",", ".1~%", ".2~f"
"""Number formats of an axis."""


def column_chart(  # noqa: PLR0913 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    width: int,
    x: str,
    y: str,
    tooltip: str,
    *,
    number_format: str = COUNT,
    title: str = "",
) -> AnyChart:
    """Draw one column per row, in the order of the rows.

    Args:
        frame: the rows; an optional column `colour` sets the colour of each.
        width: width of the chart in pixels.
        x: the column with the labels of the horizontal axis.
        y: the column with the heights.
        tooltip: a Vega expression.
        number_format: format of the vertical axis.
        title: title of the horizontal axis.
    """
    return _fit(
        _with_tooltip(frame, tooltip)
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=_x_axis(frame, x, width, title),
            y=alt.Y(f"{y}:Q", title=None, axis=_y_axis(number_format), stack=False),
            color=_colour(frame),
            description="tooltip:N",
        ),
        width,
        230,
    )


def bar_chart(  # noqa: PLR0913, PLR0917 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    width: int,
    y: str,
    x: str,
    tooltip: str,
    value_label: str,
    *,
    step: int = 24,
) -> AnyChart:
    """Draw one horizontal bar per row, from top to bottom, with a label at its end.

    Args:
        frame: the rows; an optional column `colour` sets the colour of each.
        width: width of the chart in pixels.
        y: the column with the labels of the vertical axis.
        x: the column with the lengths.
        tooltip: a Vega expression.
        value_label: a Vega expression for the label.
        step: height of a bar and its gap in pixels.
    """
    base = _with_tooltip(frame, tooltip, value_label=value_label)
    axis = alt.Axis(labelLimit=round(width * 0.5), domain=False, ticks=False, labelPadding=6)
    letters = max((len(str(name)) for name in frame[y]), default=0)
    plot = width - min(letters * _LETTER, width * 0.5)
    longest = float(frame[x].cast(pl.Float64).max() or 1)  # type: ignore[arg-type]  # the maximum of floats is a float
    scale = alt.Scale(domainMax=longest * plot / (plot - _VALUE_LABEL))
    at_y = alt.Y(f"{y}:N", sort=None, title=None, axis=axis)
    at_x = alt.X(f"{x}:Q", title=None, axis=None, scale=scale, stack=False)
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=at_x, y=at_y, color=_colour(frame), description="tooltip:N"
    )
    labels = base.mark_text(align="left", dx=5, fill="currentColor", aria=False).encode(
        x=at_x, y=at_y, text="value_label:N"
    )
    return _fit(bars + labels, width, step * len(frame) + 16)


def line_chart(  # noqa: PLR0913 - each parameter is one visible part of the chart
    frame: pl.DataFrame, width: int, x: str, y: str, tooltip: str, *, number_format: str
) -> AnyChart:
    """Draw a line through the rows, with a gap at each null; parameters as in `column_chart`."""
    base = _with_tooltip(frame, tooltip)
    at_y = alt.Y(f"{y}:Q", title=None, axis=_y_axis(number_format), scale=alt.Scale(zero=False))
    line = base.mark_line(stroke=PLAIN, strokeWidth=2, aria=False).encode(
        x=_x_axis(frame, x, width), y=at_y
    )
    points = (
        base.transform_filter(f"isValid(datum.{y})")
        .mark_point(size=40, filled=True, opacity=1)
        .encode(x=_x_axis(frame, x, width), y=at_y, color=_colour(frame), description="tooltip:N")
    )
    return _fit(line + points, width, 230)


def cell_chart(  # noqa: PLR0913, PLR0917 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    size: tuple[int, int],
    position: tuple[alt.X, alt.Y],
    tooltip: str,
    classes: list[str],
    colours: list[str],
    **mark: Any,
) -> AnyChart:
    """Draw one cell per row, coloured by its column `class`, with a legend of all classes.

    Args:
        frame: the rows.
        size: width and height in pixels.
        position: where a cell is.
        tooltip: a Vega expression.
        classes: the classes in the order of the legend.
        colours: the colour of each class.
        **mark: properties of the cells.
    """
    scale = alt.Scale(domain=classes, range=colours)
    legend = alt.Legend(orient="bottom", columns=size[0] // _LEGEND_ENTRY, symbolType="square")
    return (
        _with_tooltip(frame, tooltip)
        .mark_rect(**mark)
        .encode(
            x=position[0],
            y=position[1],
            color=alt.Color("class:N", scale=scale, legend=legend),
            description="tooltip:N",
        )
        .properties(width=size[0], height=size[1])
    )


def band(value: pl.Expr, breaks: list[float], names: list[str]) -> pl.Expr:
    """Return the name of the band that a value falls into; each break begins the next band.

    Null falls into no band.
    """
    index = pl.sum_horizontal(value >= each for each in breaks)
    return pl.when(value.is_not_null()).then(
        index.replace_strict(range(len(names)), names, return_dtype=pl.String)
    )


def plural(column: str, noun: str, plural_noun: str = "") -> str:
    """Return a Vega expression for a column's number with its noun: "1 order", "20 orders"."""
    nouns = f"(datum.{column} == 1 ? ' {noun}' : ' {plural_noun or noun + 's'}')"
    return f"format(datum.{column}, ',') + {nouns}"


# In pixels: a legend entry, a letter of a label, the gap between labels, the labels of the
# vertical axis, and the label at the end of a bar.
_LEGEND_ENTRY, _LETTER, _LABEL_GAP, _AXIS_LABELS, _VALUE_LABEL = 145, 6.5, 14, 50, 90


def _x_axis(frame: pl.DataFrame, x: str, width: int, title: str = "") -> alt.X:
    """Return an axis with one position per row and as many labels as fit."""
    values = frame[x].to_list()
    longest = max(len(str(value)) for value in values)
    step = ceil(len(values) * (longest * _LETTER + _LABEL_GAP) / (width - _AXIS_LABELS))
    axis = alt.Axis(
        labelAngle=0, values=values[::step], ticks=False, domainColor="var(--line)", labelPadding=6
    )
    return alt.X(f"{x}:N", sort=None, title=title or None, axis=axis)


def _y_axis(number_format: str) -> alt.Axis:
    """Return an axis of numbers with few grid lines and no frame."""
    reais = "datum.value ? 'R$ ' + format(datum.value, '~s') : '0'"
    label = reais if number_format == REAIS else f"format(datum.value, '{number_format}')"
    return alt.Axis(
        tickCount=4,
        tickMinStep=1 if number_format == COUNT else alt.Undefined,
        domain=False,
        ticks=False,
        labelPadding=6,
        labelExpr=label,
    )


def _colour(frame: pl.DataFrame) -> Any:
    """Return the colour of the marks: the frame's column `colour`, or one for all."""
    if "colour" in frame.columns:
        return alt.Color("colour:N", scale=None, legend=None)
    return alt.value(PLAIN)


def _with_tooltip(frame: pl.DataFrame, tooltip: str, **expressions: str) -> AnyChart:
    return alt.Chart(frame).transform_calculate(tooltip=tooltip, **expressions)


def _fit(chart: AnyChart, width: int, height: int) -> AnyChart:
    """Give a chart a size that includes its labels."""
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return chart.properties(width=width, height=height, autosize=fit, padding=2)
