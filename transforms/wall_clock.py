"""The wall clock of the source (America/Sao_Paulo), and UTC."""

from datetime import timedelta

import polars as pl

_ZONE = "America/Sao_Paulo"


def to_utc(wall: pl.Expr) -> pl.Expr:
    """Return a wall-clock time in UTC. A time that summer time skipped is moved by an hour."""
    moments = (
        time.dt.replace_time_zone(_ZONE, ambiguous="earliest", non_existent="null")
        for time in (wall, wall + timedelta(hours=1))
    )
    return pl.coalesce(moments).dt.convert_time_zone("UTC")


def to_wall_clock(instant: pl.Expr) -> pl.Expr:
    """Return an instant as the wall clock showed it, without a zone."""
    return instant.dt.convert_time_zone(_ZONE).dt.replace_time_zone(None)
