"""What lakes hold, to be compared."""

import polars as pl
from polars.testing import assert_frame_equal

from flows import delta
from flows.delta.outcome import Outcome
from transforms.graph import sources, tables

BRONZE = [source.spec().table for source in sources()]


def contents(lake: str) -> dict[str, pl.DataFrame]:
    """Return all rows of bronze, silver, gold and quarantine, but for when they came."""
    names = [*BRONZE, *tables(), *(delta.quarantine_name(source) for source in sources())]
    return {
        name: delta.scan(delta.open_existing(lake, name))
        .drop("_version", "_ingested_at", strict=False)
        .collect()
        for name in names
        if delta.exists(lake, name)
    }


def assert_same(lake: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    """Compare two lakes, whatever the order of their rows."""
    assert lake.keys() == other.keys()
    for name, rows in lake.items():
        assert_frame_equal(rows, other[name], check_row_order=False)


def figures(outcomes: list[Outcome]) -> list[dict[str, object]]:
    """Return what became of each table, but for how long it took."""
    return [{**outcome.metrics(), "seconds": 0} for outcome in outcomes]
