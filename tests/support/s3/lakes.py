"""Comparison of the contents of lakes."""

import polars as pl
from polars.testing import assert_frame_equal

from flows import delta
from flows.delta.outcome import Outcome
from transforms.graph import sources, tables

BRONZE = [source.spec().table for source in sources()]


def contents(lake: str) -> dict[str, pl.DataFrame]:
    """Return all rows of all tables, without the columns that depend on the time of the run."""
    names = [*BRONZE, *tables(), *(delta.quarantine_name(source) for source in sources())]
    return {
        name: delta.scan(delta.open_existing(lake, name))
        .drop("_version", "_ingested_at", strict=False)
        .collect()
        for name in names
        if delta.exists(lake, name)
    }


def assert_same(lake: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    """Compare two lakes, regardless of the order of rows."""
    assert lake.keys() == other.keys()
    for name, rows in lake.items():
        assert_frame_equal(rows, other[name], check_row_order=False)


def metrics(outcomes: list[Outcome]) -> list[dict[str, object]]:
    """Return the metrics of each table, without durations."""
    return [{**outcome.metrics(), "seconds": 0} for outcome in outcomes]
