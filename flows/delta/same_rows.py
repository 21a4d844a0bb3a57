"""Full refreshes whose rows the table already has. Its files stay, and its readers do nothing."""

import polars as pl
from deltalake import CommitProperties, DeltaTable
from polars.exceptions import PolarsError

from contracts.contract import Contract
from flows.config.errors import TableError
from flows.delta import data_files, holds, read
from flows.delta.contract_metadata import with_contract
from flows.delta.data_files import Written
from flows.delta.foreign_commits import with_commit_id
from flows.delta.write import NO_CLEANUP


def has_same_rows(handle: DeltaTable, written: Written) -> bool:
    """Return whether files that no commit has named hold the rows of the table, in any order.

    Equal sums of the rows' hashes prove it. A table that cannot be read does not have the rows.
    """
    new = data_files.scan_files(handle, [each.path for each in written.actions], written.schema)
    try:
        stored = read.scan(handle)
        return (
            read.rows(handle) == written.rows
            and stored.collect_schema() == written.schema
            and (not written.rows or _checksum(stored) == _checksum(new))
        )
    except (TableError, PolarsError):
        return False


def keep_rows(
    handle: DeltaTable, written: Written, properties: CommitProperties, contract: type[Contract]
) -> None:
    """Commit a full refresh that changes no row: its progress, and the current contract.

    Delete the files of the refresh, which no commit names. Raises as `delta.append`.
    """
    holds.check_released(handle)
    field = with_contract(handle.schema(), contract).fields[-1]
    once = CommitProperties(properties.custom_metadata, 0, properties.app_transactions)
    handle.alter.set_column_metadata(
        field.name,
        field.metadata,
        commit_properties=with_commit_id(once, handle),
        post_commithook_properties=NO_CLEANUP,
    )
    handle.update_incremental()
    data_files.remove_files(handle, written)


def _checksum(rows: pl.LazyFrame) -> int:
    columns = sorted({*rows.collect_schema()} - {"_version", "_file"})
    total = rows.select(pl.struct(columns).hash().cast(pl.Int128).sum())
    return int(total.collect(engine="streaming").item())
