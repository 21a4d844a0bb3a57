"""The axes of charts, with few lines and labels that do not overlap."""

import json
import re
from math import ceil

import altair as alt
import polars as pl

from flows.site.formatting import month_name

REAIS, COUNT, FRACTION, SHARE, SCORE = "R$", ",", ",~f", "~%", ".2~f"
"""Number formats of an axis."""

LETTER, LABELS_WIDTH = 6.5, 50
"""The width of a letter of a label, and of the labels of a vertical axis, in pixels."""


def x_axis(frame: pl.DataFrame, x: str, width: int, title: str = "") -> alt.X:
    """Return an axis with one position per row. Each has a label, if they are short enough."""
    values = [str(value) for value in frame[x]]
    longest = max(map(len, values))
    room = (width - LABELS_WIDTH) / len(values)
    is_month = all(map(_MONTH.fullmatch, values))
    gap = _LABEL_GAP if longest > _SHORT else _SHORT_GAP
    step = 1 if is_month else ceil((longest * LETTER + gap) / room)
    axis = alt.Axis(
        labelAngle=0,
        values=frame[x].to_list()[::step],
        ticks=False,
        domainColor="var(--line)",
        labelPadding=6,
        labelExpr=_month_labels(values, room) if is_month else alt.Undefined,
    )
    return alt.X(f"{x}:N", sort=None, title=title or None, axis=axis)


def y_axis(number_format: str, ticks: int = 4) -> alt.Axis:
    """Return an axis of numbers with few grid lines and no frame."""
    reais = "datum.value ? 'R$ ' + format(datum.value, '~s') : '0'"
    number = f"format(datum.value, '{number_format}')"
    labels = {REAIS: reais, COUNT: f"{_IS_BETWEEN} ? '' : {number}"}
    return alt.Axis(
        tickCount=ticks,
        domain=False,
        ticks=False,
        labelPadding=6,
        labelFlush=False,
        labelExpr=labels.get(number_format, number),
        gridOpacity={"condition": {"test": _IS_BETWEEN, "value": 0}, "value": 1}
        if number_format == COUNT
        else alt.Undefined,
    )


_IS_BETWEEN = "datum.value % 1"
_MONTH = re.compile(r"\d{4}-\d{2}")
_LABEL_GAP = 14
_SHORT, _SHORT_GAP = 3, 4
"""Letters of labels that may stand close together, and the gap between them."""


def _month_labels(months: list[str], room: float) -> str:
    """Return a Vega expression for the names of months, with each year below its first month."""
    letters = 3 if room > 3 * LETTER + 4 else 1
    first, later = months[0], months[1:]
    # A year is as wide as three short labels.
    years = {month for month in later if month.endswith("-01")}
    if letters > 1 or not years & {*later[:2]}:
        years.add(first)
    names = {
        month: [month_name(month)[:letters], month[:4] if month in years else ""]
        for month in months
    }
    return f"({json.dumps(names)})[datum.value]"
