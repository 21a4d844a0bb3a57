"""How fresh tables are: their newest records, and which versions of their inputs they contain."""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl
from deltalake import DeltaTable

from flows import delta
from transforms.graph import Table, tables


class InputState(NamedTuple):
    """An input of a table."""

    table: str
    consumed: int
    """The version that the table contains."""
    version: int
    """The newest version."""

    @property
    def is_contained(self) -> bool:
        """Return whether the table is up to date with the input."""
        return self.consumed == self.version


def input_states(
    handle: DeltaTable, table: Table, statuses: Mapping[str, Mapping[str, Any]]
) -> list[InputState]:
    """Return which versions of its inputs a table contains.

    Args:
        handle: the table.
        table: its place in the graph.
        statuses: `flows.delta.status` of the lake.
    """
    return [
        InputState(name, delta.consumed(handle, name) or 0, statuses[name]["version"])
        for name in table.input_names
        if name in statuses
    ]


def newest_records(
    lake: str, existing: Container[str], sources: Mapping[str, datetime]
) -> dict[str, datetime]:
    """Return the event time of the newest record in each table, which a derived table reads.

    Args:
        lake: location of the lake.
        existing: the names of its tables.
        sources: the newest record of each bronze table.
    """
    newest = {**sources}
    for name, table in tables().items():
        if name in existing:
            if table.source:
                rows = delta.scan(delta.open_existing(lake, name))
                times = rows.select(pl.col("_event_time").max()).collect().to_series().to_list()
            else:
                times = [newest.get(each) for each in table.input_names]
            if known := [time for time in times if time]:
                newest[name] = max(known)
    return newest
