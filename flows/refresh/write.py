"""Commit the computed rows of a table: all of them, or those that differ from the stored ones."""

import polars as pl
from deltalake import DeltaTable

from flows import delta
from flows.delta.data_files import Written
from flows.delta.merge import merge_rows
from flows.delta.same_rows import has_same_rows, keep_rows
from flows.refresh.change_detection import RefreshScope
from transforms.graph import Table


def write_all(
    table: Table, target: DeltaTable, written: Written, pending: RefreshScope, **metrics: int
) -> int:
    """Commit the files of a full refresh, unless the table has the same rows.

    Args:
        table: the table.
        target: the handle that its watermark was read from.
        written: the files, which no commit has named.
        pending: the transactions of the commit.
        **metrics: of the commit, beside its rows.

    Returns:
        The number of rows written.
    """
    is_same = not pending.is_requested and has_same_rows(target, written)
    counts = {"rows": written.rows, "written": 0 if is_same else written.rows}
    properties = delta.commit_properties(pending.consumed, {**counts, **metrics})
    commit = keep_rows if is_same else delta.rebuild
    commit(target, written, properties, table.contract)
    return counts["written"]


def write_changes(
    table: Table,
    target: DeltaTable,
    rows: pl.DataFrame,
    stored: pl.DataFrame,
    pending: RefreshScope,
    **metrics: int,
) -> int:
    """Commit the rows of some incremental keys that differ from the stored ones.

    Args:
        table: the table.
        target: the handle that its watermark was read from.
        rows: the computed rows of the keys.
        stored: the stored rows of the keys, from `delta.matching`.
        pending: the transactions of the commit.
        **metrics: of the commit, beside its rows.

    Returns:
        The number of rows written.
    """
    new = rows.join(stored, on=rows.columns, how="anti", nulls_equal=True)
    replaced = stored.join(rows, on=rows.columns, how="anti", nulls_equal=True)
    counts = {"rows": delta.rows(target) + len(new) - len(replaced), "written": len(new)}
    properties = delta.commit_properties(pending.consumed, {**counts, **metrics})
    merge_rows(table, target, new, replaced, properties)
    return len(new)
