"""The last runs of a lake, from the logs of its tables."""

from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

SHOWN = 20
GAP = timedelta(minutes=1)
"""Commits of one command that are less than this apart belong to one run."""


class Run(NamedTuple):
    """A run that changed tables."""

    command: str
    began: datetime
    """UTC."""
    seconds: float
    """From the start of the work on the first table to the last commit."""
    tables: list[str]
    """The tables that it changed, in the order of their first commits."""
    read: int | None
    """The sum of this metric over its commits, as are the next two; None if no commit has it."""
    quarantined: int | None
    written: int | None


def last_runs(runs: pl.LazyFrame) -> list[Run]:
    """Return the last runs, newest first.

    Args:
        runs: the table `meta.runs`.
    """
    duration = pl.duration(microseconds=(pl.col("seconds").fill_null(0) * 1_000_000).cast(pl.Int64))
    # A quarantine table repeats the metrics of its silver table.
    commits = (
        runs.filter(
            pl.col("command").is_not_null(), ~pl.col("table").str.starts_with("quarantine.")
        )
        .with_columns(began=pl.col("committed_at") - duration)
        .sort("command", "committed_at", "table")
    )
    pause = pl.col("began") - pl.col("committed_at").shift()
    number = (pause >= GAP).fill_null(value=True).cum_sum().over("command")
    found = (
        commits.group_by("command", number.alias("number"))
        .agg(
            pl.min("began"),
            pl.max("committed_at"),
            pl.col("table").unique(maintain_order=True).alias("tables"),
            *(
                pl.when(pl.count(name) > 0).then(pl.sum(name)).alias(name)
                for name in ("read", "quarantined", "written")
            ),
        )
        .with_columns(
            seconds=(pl.col("committed_at") - pl.col("began")).dt.total_milliseconds() / 1000
        )
        .sort("began", "command", descending=[True, False])
        .head(SHOWN)
        .select(Run._fields)
    )
    return [Run(*row) for row in found.collect().iter_rows()]
