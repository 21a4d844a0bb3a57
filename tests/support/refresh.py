"""Ingest and refresh one table after another, and look at the result."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from flows import delta
from flows.delta.merge import merge_rows
from flows.delta.outcome import Outcome
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.refresh.tables import refresh_table
from transforms.graph import tables


def ingest(landing: Path, lake: str) -> None:
    """Append the records of a folder's files to bronze."""
    files, _ = find_files(str(landing))
    for contract, paths in files.items():
        ingest_table(lake, contract, paths)


def refresh(lake: str, *names: str, rebuild: bool = False) -> dict[str, Outcome]:
    """Refresh some tables, or all; return their outcomes."""
    return {
        name: refresh_table(lake, table, rebuild=rebuild)
        for name, table in tables().items()
        if name in (names or tables())
    }


def change(lake: str, name: str, changed: pl.Expr, to: Mapping[str, pl.Expr] | None = None) -> None:
    """Remove the rows of a silver table for which an expression is true, or give them new values.

    Bronze does not know of it, so only tables that are derived from silver can be rebuilt.
    """
    table = tables()[name]
    handle = delta.open_table(lake, table.contract)
    stored = delta.scan(handle).filter(changed).collect()
    rows = stored.with_columns(**to) if to else stored.clear()
    replaced = delta.matching(handle, stored.select(table.contract.spec().key)).collect()
    nothing = delta.commit_properties({}, {})
    merge_rows(table, handle, rows.drop("_version"), replaced, nothing)


def sorted_tables(lake: str) -> dict[str, pl.DataFrame]:
    """Return the rows of silver and gold, sorted, without the technical columns."""
    return {
        name: delta.scan(delta.open_existing(lake, name)).select(columns).sort(columns).collect()
        for name, table in tables().items()
        if (columns := table.contract.fields().names())
    }


def assert_same_tables(lake: str, expected: Mapping[str, pl.DataFrame]) -> None:
    """Assert that silver and gold of a lake equal `sorted_tables` of another one."""
    for name, rows in sorted_tables(lake).items():
        assert_frame_equal(rows, expected[name])
