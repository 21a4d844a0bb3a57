"""The chart forms that pages share: columns, bars, lines and cells."""

from math import ceil
from typing import Any

import altair as alt
import polars as pl

from flows.site.charts.axes import COUNT, LABELS_WIDTH, LETTER, x_axis, y_axis
from flows.site.charts.svg import AnyChart

PLAIN, STRONG, LATE, FAINT = "var(--bar)", "var(--step-5)", "var(--late)", "var(--superseded)"
STEPS = [f"var(--step-{number})" for number in range(1, 6)]
"""Five colours from low to high. Text on the last two needs the colour of the page."""


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
        frame: the rows; an optional column `colour` sets the colour of each, and `is_dashed`
            which columns have a dashed outline; `a_year_earlier` and `target` draw a line across
            each column, with a legend.
        width: width of the chart in pixels.
        x: the column with the labels of the horizontal axis.
        y: the column with the heights.
        tooltip: a Vega expression.
        number_format: format of the vertical axis.
        title: title of the horizontal axis.
    """
    base = _with_tooltip(frame, tooltip).encode(
        x=x_axis(frame, x, width, title),
        y=alt.Y(f"{y}:Q", title=None, axis=y_axis(number_format), stack=False),
        description="tooltip:N",
    )
    corners = {"cornerRadiusTopLeft": 2, "cornerRadiusTopRight": 2}
    columns = base.mark_bar(**corners).encode(color=_colour(frame))
    layers = [columns]
    if "is_dashed" in frame.columns:
        dashes = {"fill": PLAIN, "fillOpacity": 0.15, "stroke": PLAIN, "strokeDash": _DASHES}
        dashed = base.mark_bar(**corners, **dashes)
        layers = [
            columns.transform_filter("!datum.is_dashed"),
            dashed.transform_filter("datum.is_dashed"),
        ]
    if lines := [each for each in _LINES if each in frame.columns and frame[each].count()]:
        layers.append(alt.layer(*(_line_across(base, each, lines) for each in lines)))
    return _fit(alt.layer(*layers).resolve_scale(color="independent"), width, 230)


def bar_chart(  # noqa: PLR0913, PLR0917 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    width: int,
    y: str,
    x: str,
    tooltip: str,
    value_label: str,
    *,
    step: int = 24,
    start: float = 0,
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
        start: the value at which bars begin.
    """
    base = _with_tooltip(frame, tooltip, value_label=value_label, start=str(start))
    axis = alt.Axis(labelLimit=round(width * 0.5), domain=False, ticks=False, labelPadding=6)
    letters = max((len(str(name)) for name in frame[y]), default=0)
    plot = width - min(letters * LETTER, width * 0.5)
    longest = float(frame[x].cast(pl.Float64).max() or 1) - start  # type: ignore[arg-type]  # the maximum of floats is a float
    end = start + (longest or 1) * plot / (plot - _VALUE_LABEL)
    scale = alt.Scale(domain=[start, end], zero=False, nice=False)
    at_y = alt.Y(f"{y}:N", sort=None, title=None, axis=axis)
    at_x = alt.X(f"{x}:Q", title=None, axis=None, scale=scale, stack=False)
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=at_x, x2="start:Q", y=at_y, color=_colour(frame), description="tooltip:N"
    )
    labels = base.mark_text(align="left", dx=5, fill="currentColor", aria=False).encode(
        x=at_x, y=at_y, text="value_label:N"
    )
    return _fit(bars + labels, width, step * len(frame) + 16)


def line_chart(  # noqa: PLR0913 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    width: int,
    x: str,
    y: str,
    tooltip: str,
    *,
    number_format: str,
    domain: tuple[float, float] | None = None,
) -> AnyChart:
    """Draw a line through the rows, with a gap at each null; parameters as in `column_chart`.

    The vertical axis has the given domain; without one, it fits the values.
    """
    marked = frame if "is_dashed" in frame.columns else frame.with_columns(is_dashed=False)
    # A dashed segment begins at the last point of the solid line.
    segments = marked.with_columns(ends=pl.col("is_dashed") | pl.col("is_dashed").shift(-1))
    base = _with_tooltip(segments, tooltip)
    scale = alt.Scale(domain=domain, nice=False) if domain else alt.Scale(zero=False)
    at_y = alt.Y(f"{y}:Q", title=None, axis=y_axis(number_format), scale=scale)
    at_x = x_axis(frame, x, width)
    lines = [
        base.transform_filter(kept)
        .mark_line(stroke=PLAIN, strokeWidth=2, aria=False, **style)
        .encode(x=at_x, y=at_y)
        for kept, style in (("!datum.is_dashed", {}), ("datum.ends", {"strokeDash": _DASHES}))
    ]
    points = (
        base.transform_filter(f"isValid(datum.{y})")
        .mark_point(size=40, filled=True, opacity=1)
        .encode(x=at_x, y=at_y, color=_colour(frame), description="tooltip:N")
    )
    return _fit(alt.layer(*lines, points), width, 230)


def histogram(  # noqa: PLR0913 - each parameter is one visible part of the chart
    frame: pl.DataFrame,
    width: int,
    bins: tuple[str, float],
    y: str,
    tooltip: str,
    *,
    number_format: str,
    title: str,
) -> AnyChart:
    """Draw one column per bin, side by side, with the ticks at the edges of the bins.

    Args:
        frame: the rows, in the order of the bins.
        width: width of the chart in pixels.
        bins: the column with the lower edges, and the width of a bin.
        y: the column with the heights.
        tooltip: a Vega expression.
        number_format: format of the horizontal axis.
        title: title of the horizontal axis.
    """
    lower, step = bins
    edges = [*frame[lower].cast(pl.Float64), float(frame[lower].max()) + step]  # type: ignore[arg-type]  # a number
    axis = alt.Axis(
        values=edges[:: ceil(len(edges) * _EDGE_LABEL / (width - LABELS_WIDTH))],
        format=number_format,
        grid=False,
        labelPadding=4,
        labelFlush=False,
        tickColor="var(--quiet)",
    )
    scale = alt.Scale(domain=[edges[0], edges[-1]], nice=False, zero=False)
    base = _with_tooltip(frame.with_columns(upper=pl.col(lower) + step), tooltip)
    columns = base.mark_rect(stroke="var(--raised)", strokeWidth=1).encode(
        x=alt.X(f"{lower}:Q", title=title, axis=axis, scale=scale),
        x2="upper:Q",
        y2=alt.datum(0),
        y=alt.Y(f"{y}:Q", title=None, axis=y_axis(COUNT)),
        color=_colour(frame),
        description="tooltip:N",
    )
    return _fit(columns, width, 230)


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


def short_reais(column: str) -> str:
    """Return a Vega expression for a column's amount: "R$ 63", "R$ 1.10M"."""
    whole, short = (f"format(datum.{column}, '{each}')" for each in (",.0f", ".3s"))
    return f"'R$ ' + (datum.{column} < 999.5 ? {whole} : {short})"


# In pixels: a legend entry, the label at the end of a bar, and the label of an edge.
_LEGEND_ENTRY, _VALUE_LABEL, _EDGE_LABEL = 145, 90, 40
_DASHES = [4, 3]
_LINES = {"a_year_earlier": ("var(--ink)", 0.6), "target": ("var(--target)", 1.12)}
"""Values that are drawn as lines across columns: their colours, and their widths in columns."""


def _line_across(base: AnyChart, value: str, lines: list[str]) -> AnyChart:
    """Draw a value as a line across each column, with a legend of all lines."""
    scale = alt.Scale(domain=lines, range=[_LINES[each][0] for each in lines])
    symbol, words = "M-1,-0.3H1V0.3H-1Z", "replace(datum.label, /_/g, ' ')"
    legend = alt.Legend(orient="top", symbolType=symbol, labelExpr=words)
    # The outline separates a line from dark columns.
    outline = {"stroke": "var(--raised)", "strokeWidth": 1}
    return (
        base.transform_filter(f"isValid(datum.{value})")
        .transform_calculate(line=f"'{value}'")
        .mark_rect(width=alt.RelativeBandSize(_LINES[value][1]), height=4, aria=False, **outline)
        .encode(
            y=f"{value}:Q",
            color=alt.Color("line:N", scale=scale, legend=legend),
            description=alt.Undefined,
        )
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
