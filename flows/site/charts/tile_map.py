"""The map of Brazil as tiles: one tile per state, near its true position."""

import altair as alt
import polars as pl
from polars import col

from flows.site.charts import marks
from flows.site.charts.marks import STEPS
from flows.site.charts.states import NAMES, TILES
from flows.site.charts.svg import AnyChart

MIN_DELIVERIES = 50
"""Deliveries that a state needs before the report colours it or compares it."""

FEW = f"fewer than {MIN_DELIVERIES} deliveries"


def tile_map(frame: pl.DataFrame, width: int) -> AnyChart:
    """Draw each state in the colour of its on-time share.

    States with few deliveries have no colour.

    Args:
        frame: one row per state with `customer_state`, `delivered`, `on_time_share` and the ends of
            its interval.
        width: width of the chart in pixels.
    """
    positions = pl.DataFrame(
        [{"customer_state": s, "row": row, "column": column} for s, (row, column) in TILES.items()]
    )
    states = positions.join(frame, on="customer_state", how="left").with_columns(
        pl.when(col("delivered").fill_null(0) < MIN_DELIVERIES)
        .then(pl.lit(FEW))
        .otherwise(marks.band(col("on_time_share").round(2), _BREAKS, _CLASSES))
        .alias("class"),
        name=col("customer_state").replace(NAMES),
    )
    labelled = states.with_columns(
        ink=pl.when(col("class").is_in(_CLASSES[:2]))
        .then(pl.lit("var(--paper)"))
        .when(col("class") == FEW)
        .then(pl.lit("var(--quiet)"))
        .otherwise(pl.lit("var(--ink)"))
    )
    deliveries = marks.plural("delivered", "delivery", "deliveries")
    tooltip = (
        "datum.name + ': ' + (datum.delivered ? format(datum.on_time_share, '.1%') + ' of ' + "
        f"{deliveries} + ' on time (' + format(datum.lowest_on_time_share, '.1%') + ' to ' + "
        "format(datum.highest_on_time_share, '.1%') + ')' : 'no deliveries')"
    )
    scale = alt.Scale(paddingInner=0.06, paddingOuter=0)
    position = (alt.X("column:O", axis=None, scale=scale), alt.Y("row:O", axis=None, scale=scale))
    side = min(width - 16, 440)
    tiles = marks.cell_chart(
        states,
        (side, side),
        position,
        tooltip,
        [*reversed(_CLASSES), FEW],
        [*STEPS, "var(--raised)"],
        cornerRadius=4,
        stroke="var(--line)",
    )
    text = alt.Chart(labelled).encode(
        x=position[0], y=position[1], color=alt.Color("ink:N", scale=None, legend=None)
    )
    abbreviations = text.mark_text(dy=-7, fontWeight="bold", fontSize=12, aria=False).encode(
        text="customer_state:N"
    )
    shares = (
        text.transform_calculate(
            share="datum.delivered ? format(datum.on_time_share, '.0%') : '\N{EN DASH}'"
        )
        .mark_text(dy=8, fontSize=11, aria=False)
        .encode(text="share:N")
    )
    return (tiles + abbreviations + shares).resolve_scale(color="independent")


_BREAKS = [0.88, 0.91, 0.94, 0.97]
_CLASSES = ["below 88%", "88 to 91%", "91 to 94%", "94 to 97%", "97% and more"]
