"""The states of Brazil as tiles, each about where it lies."""

import altair as alt
import polars as pl
from polars import col

from flows.site.charts import marks
from flows.site.charts.marks import STEPS
from flows.site.charts.states import NAMES, TILES
from flows.site.charts.svg import AnyChart

ENOUGH = 50
"""Deliveries that a state needs to be named."""

FEW = f"fewer than {ENOUGH} deliveries"


def tile_map(frame: pl.DataFrame, width: int) -> AnyChart:
    """Draw each state in the colour of its share on time; one without enough deliveries in none."""
    place = pl.DataFrame(
        [{"customer_state": s, "row": row, "column": column} for s, (row, column) in TILES.items()]
    )
    known = place.join(frame, on="customer_state", how="left").with_columns(
        pl.when(col("delivered").fill_null(0) < ENOUGH)
        .then(pl.lit(FEW))
        .otherwise(marks.banded(col("on_time_share").round(2), _BREAKS, _CLASSES))
        .alias("class"),
        name=col("customer_state").replace(NAMES),
    )
    ink = known.with_columns(
        ink=pl.when(col("class").is_in(_CLASSES[:2]))
        .then(pl.lit("var(--paper)"))
        .when(col("class") == FEW)
        .then(pl.lit("var(--quiet)"))
        .otherwise(pl.lit("var(--ink)"))
    )
    deliveries = marks.plural("delivered", "delivery", "deliveries")
    tip = (
        "datum.name + ': ' + (datum.delivered ? format(datum.on_time_share, '.1%') + ' of ' + "
        f"{deliveries} + ' on time' : 'no deliveries')"
    )
    apart = alt.Scale(paddingInner=0.06, paddingOuter=0)
    at = (alt.X("column:O", axis=None, scale=apart), alt.Y("row:O", axis=None, scale=apart))
    side = min(width - 16, 440)
    tiles = marks.cells(
        known,
        (side, side),
        at,
        tip,
        [*reversed(_CLASSES), FEW],
        [*STEPS, "var(--raised)"],
        cornerRadius=4,
        stroke="var(--line)",
    )
    words = alt.Chart(ink).encode(
        x=at[0], y=at[1], color=alt.Color("ink:N", scale=None, legend=None)
    )
    code = words.mark_text(dy=-7, fontWeight="bold", fontSize=12, aria=False).encode(
        text="customer_state:N"
    )
    number = (
        words.transform_calculate(said="datum.delivered ? format(datum.on_time_share, '.0%') : '-'")
        .mark_text(dy=8, fontSize=11, aria=False)
        .encode(text="said:N")
    )
    return (tiles + code + number).resolve_scale(color="independent")


_BREAKS = [0.88, 0.91, 0.94, 0.97]
_CLASSES = ["below 88%", "88 to 91%", "91 to 94%", "94 to 97%", "97% and more"]
