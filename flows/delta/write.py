"""Commits to a table, through the handle that its watermark was read from."""

from collections.abc import Sequence
from uuid import uuid4

import polars as pl
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import DeltaError, SchemaMismatchError
from deltalake.transaction import AddAction, RemoveAction

from contracts.contract import Contract
from flows.delta import data_files, holds
from flows.delta.commit_log import with_marker
from flows.delta.contract_metadata import with_contract
from flows.delta.data_files import Written
from flows.delta.foreign_commits import COMMIT, with_commit_id
from flows.delta.handles import open_uri
from flows.delta.transactions import REBUILT

NO_CLEANUP = PostCommitHookProperties(cleanup_expired_logs=False)
"""Keeps the log at every commit: only `flows.delta.optimize` knows what readers still need."""


def append(handle: DeltaTable, data: pl.DataFrame | Written, properties: CommitProperties) -> None:
    """Add rows, or files that have been written, through the handle.

    Columns that only the table has, because of an older contract, are null in the new rows.

    Raises:
        HeldError: a restore holds the table.
        deltalake.exceptions.SchemaMismatchError: the rows have columns that the table lacks.
        deltalake.exceptions.CommitFailedError: another writer has moved the watermark since the
            handle was opened. Open a new handle, compare the watermark, then decide.
    """
    holds.check_released(handle)
    written = _write(handle, data)
    if unknown := set(written.schema) - {field.name for field in handle.schema().fields}:
        message = f"{handle.table_uri}: the table lacks the columns {sorted(unknown)} of the rows"
        raise SchemaMismatchError(message)
    commit(handle, written.actions, properties)


def replace(handle: DeltaTable, data: pl.DataFrame | Written, properties: CommitProperties) -> None:
    """Replace all rows and columns of the table; raises as `append`."""
    holds.check_released(handle)
    written = _write(handle, data)
    commit(handle, written.actions, properties, all_of=Schema.from_arrow(written.schema))


def rebuild(
    handle: DeltaTable, written: Written, properties: CommitProperties, contract: type[Contract]
) -> None:
    """Replace all rows as `replace`, with files of `stamped` rows, under the current contract.

    The commit records the contract, and tells readers of the table to read all rows again.
    """
    holds.check_released(handle)
    schema = with_contract(Schema.from_arrow(written.schema), contract)
    commit(handle, written.actions, with_marker(handle, properties, REBUILT), all_of=schema)


def stamped(handle: DeltaTable, data: pl.DataFrame) -> pl.DataFrame:
    """Add `_version` to rows: the version that the handle's next commit creates."""
    return data.with_columns(_version=pl.lit(handle.version() + 1, pl.Int64))


def commit(
    handle: DeltaTable,
    actions: Sequence[AddAction | RemoveAction],
    properties: CommitProperties,
    *,
    all_of: Schema | None = None,
    next_version: bool = False,
) -> None:
    """Commit added and removed files through the handle; raises as `append`.

    Args:
        handle: on the version that the actions refer to.
        actions: the files to add and to remove.
        properties: from `commit_properties`.
        all_of: the new columns, if the added files replace all others.
        next_version: whether the commit must create the handle's next version, because its rows
            or transactions name it.
    """
    commit_id = str(uuid4())
    try:
        handle.create_write_transaction(
            list(actions),
            "append" if all_of is None else "overwrite",
            all_of or handle.schema(),
            partition_by=handle.metadata().partition_columns,
            commit_properties=with_commit_id(
                CommitProperties(
                    custom_metadata=properties.custom_metadata,
                    app_transactions=properties.app_transactions,
                    # A retry would take a later version than the one that the rows name.
                    max_commit_retries=0 if next_version or all_of else None,
                ),
                handle,
                commit_id,
            ),
            post_commithook_properties=NO_CLEANUP,
        )
    except (DeltaError, OSError):
        # If S3 stored the commit but its response was lost, we conflict with our own commit.
        if not _is_committed(handle, commit_id):
            raise
    handle.update_incremental()


def _is_committed(handle: DeltaTable, commit_id: str) -> bool:
    """Return whether a commit is in the log after the handle's version."""
    newest = open_uri(handle.table_uri)
    since = newest.version() - handle.version()
    return since > 0 and any(entry.get(COMMIT) == commit_id for entry in newest.history(since))


def _write(handle: DeltaTable, data: pl.DataFrame | Written) -> Written:
    return data_files.write_files(handle, [data]) if isinstance(data, pl.DataFrame) else data
