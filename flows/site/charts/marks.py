"""The shapes that several charts have: columns, bars, lines and cells."""

from math import ceil
from typing import Any

import altair as alt
import polars as pl

from flows.site.charts.svg import AnyChart

PLAIN, STRONG, LATE, FAINT = "var(--bar)", "var(--step-5)", "var(--late)", "var(--superseded)"
STEPS = [f"var(--step-{number})" for number in range(1, 6)]
"""From little to much; the last two are written on in the colour of the page."""

REAIS, COUNT, SHARE, SCORE = "R$", ",", ".1~%", ".2~f"
"""How the numbers of an axis are written."""


def columns(  # noqa: PLR0913 - what a chart is made of
    frame: pl.DataFrame, width: int, x: str, y: str, tip: str, *, form: str = COUNT, title: str = ""
) -> AnyChart:
    """Draw a column for each row, in their order; `colour` says in which colour, if it is there."""
    return _framed(
        _tipped(frame, tip)
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=across(frame, x, width, title),
            y=alt.Y(f"{y}:Q", title=None, axis=upright(form), stack=False),
            color=coloured(frame),
            description="tip:N",
        ),
        width,
        230,
    )


def bars(  # noqa: PLR0913, PLR0917 - what a chart is made of
    frame: pl.DataFrame, width: int, y: str, x: str, tip: str, shown: str, *, step: int = 24
) -> AnyChart:
    """Draw a bar for each row, from the top, with `shown`, an expression, behind it."""
    base = _tipped(frame, tip, shown=shown)
    left = alt.Axis(labelLimit=round(width * 0.5), domain=False, ticks=False, labelPadding=6)
    most = float(frame[x].cast(pl.Float64).max() or 1)  # type: ignore[arg-type]  # of floats it is one
    room = alt.Scale(domainMax=most * (1 + _WORDS / width))
    here = alt.Y(f"{y}:N", sort=None, title=None, axis=left)
    there = alt.X(f"{x}:Q", title=None, axis=None, scale=room, stack=False)
    drawn = base.mark_bar(cornerRadiusEnd=2).encode(
        x=there, y=here, color=coloured(frame), description="tip:N"
    )
    words = base.mark_text(align="left", dx=5, fill="currentColor", aria=False).encode(
        x=there, y=here, text="shown:N"
    )
    return _framed(drawn + words, width, step * len(frame) + 16)


def line(  # noqa: PLR0913 - what a chart is made of
    frame: pl.DataFrame, width: int, x: str, y: str, tip: str, *, form: str
) -> AnyChart:
    """Draw a line through the rows, with a gap where there is no figure."""
    base = _tipped(frame, tip)
    there = alt.Y(f"{y}:Q", title=None, axis=upright(form), scale=alt.Scale(zero=False))
    path = base.mark_line(stroke=PLAIN, strokeWidth=2, aria=False).encode(
        x=across(frame, x, width), y=there
    )
    points = (
        base.transform_filter(f"isValid(datum.{y})")
        .mark_point(size=40, filled=True, opacity=1)
        .encode(x=across(frame, x, width), y=there, color=coloured(frame), description="tip:N")
    )
    return _framed(path + points, width, 230)


def cells(  # noqa: PLR0913, PLR0917 - what a chart is made of
    frame: pl.DataFrame,
    size: tuple[int, int],
    at: tuple[alt.X, alt.Y],
    tip: str,
    classes: list[str],
    colours: list[str],
    **mark: Any,
) -> AnyChart:
    """Draw a cell for each row, in the colour of its `class`; each class is in the legend."""
    scale = alt.Scale(domain=classes, range=colours)
    legend = alt.Legend(orient="bottom", columns=size[0] // _ENTRY, symbolType="square")
    return (
        _tipped(frame, tip)
        .mark_rect(**mark)
        .encode(
            x=at[0],
            y=at[1],
            color=alt.Color("class:N", scale=scale, legend=legend),
            description="tip:N",
        )
        .properties(width=size[0], height=size[1])
    )


def banded(value: pl.Expr, breaks: list[float], names: list[str]) -> pl.Expr:
    """Name the band that a value is in: each break begins the next; null is in none."""
    band = pl.sum_horizontal(value >= each for each in breaks)
    return pl.when(value.is_not_null()).then(
        band.replace_strict(range(len(names)), names, return_dtype=pl.String)
    )


def plural(column: str, one: str, many: str = "") -> str:
    """Return an expression for a tip that says how many there are, of what has these names."""
    said = f"(datum.{column} == 1 ? ' {one}' : ' {many or one + 's'}')"
    return f"format(datum.{column}, ',') + {said}"


def across(frame: pl.DataFrame, x: str, width: int, title: str = "") -> alt.X:
    """Return an axis with a place for each row, and as many labels as there is room for."""
    values = frame[x].to_list()
    longest = max(len(str(value)) for value in values)
    step = ceil(len(values) * (longest * _LETTER + _AIR) / (width - _SIDE))
    flat = alt.Axis(
        labelAngle=0, values=values[::step], ticks=False, domainColor="var(--line)", labelPadding=6
    )
    return alt.X(f"{x}:N", sort=None, title=title or None, axis=flat)


def upright(form: str) -> alt.Axis:
    """Return an axis of figures: few lines, no frame."""
    money = "datum.value ? 'R$ ' + format(datum.value, '~s') : '0'"
    said = money if form == REAIS else f"format(datum.value, '{form}')"
    whole = 1 if form == COUNT else alt.Undefined
    return alt.Axis(
        tickCount=4, tickMinStep=whole, domain=False, ticks=False, labelPadding=6, labelExpr=said
    )


def coloured(frame: pl.DataFrame) -> Any:
    """Return the colour of marks: the frame's own, where it has a column of that name."""
    if "colour" in frame.columns:
        return alt.Color("colour:N", scale=None, legend=None)
    return alt.value(PLAIN)


_ENTRY = 145  # pixels of an entry of a legend
# In pixels: a letter of a label, the air between two, the labels at the side, words behind bars.
_LETTER, _AIR, _SIDE, _WORDS = 6.5, 14, 50, 240


def _tipped(frame: pl.DataFrame, tip: str, **more: str) -> AnyChart:
    return alt.Chart(frame).transform_calculate(tip=tip, **more)


def _framed(chart: AnyChart, width: int, height: int) -> AnyChart:
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return chart.properties(width=width, height=height, autosize=fit, padding=2)
