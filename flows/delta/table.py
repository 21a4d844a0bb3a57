"""Delta tables whose commits carry what they have consumed.

The watermark of a table says which inputs it holds: `bronze.orders` up to which version of that
table, a file's SHA-256 or not. It travels in the same commit as the data. A writer opens a
handle, reads the watermark from that handle, and commits through that handle, so that a stale
writer gets a conflict instead of repeating rows. Never hand a handle to a second thread.

Bronze and quarantine rows are appended. Those of all other tables carry `_version`, the version of
their table that last changed them: who has consumed a table up to a version finds the later rows by
it, for ever. What it cannot show is a row that went: the transaction `rebuilt` tells when some did.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import polars as pl
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Schema,
)
from deltalake.exceptions import (
    CommitFailedError,
    DeltaError,
    SchemaMismatchError,
    TableNotFoundError,
)
from deltalake.transaction import AddAction, RemoveAction

from contracts.contract import Contract
from contracts.technical_columns import quarantine_schema, stored_schema
from flows.delta import data_files, foreign_commits, holds, protocol
from flows.delta.commit_log import with_rebuild_marker
from flows.delta.contract_metadata import with_contract
from flows.delta.data_file_check import check_sizes
from flows.delta.data_files import Written
from flows.delta.foreign_commits import COMMIT, signed
from flows.delta.log_check import checked_log, has_data
from flows.delta.schema_evolution import add_missing_columns, repartition
from flows.delta.transactions import quarantine_name
from flows.storage import filesystem

METADATA = "keystone"
"""The key of our figures, as JSON, in a commit's metadata."""

FORGOTTEN = -1
"""The version of a transaction whose input a restore took out: there is no way to unset one."""

NO_CLEANUP = PostCommitHookProperties(cleanup_expired_logs=False)
"""Of each commit: what a log has still to tell its readers only `flows.delta.optimize` can know."""

KEEP_LOG = {"delta.enableExpiredLogCleanup": "false"}
"""The same of each table, for a vacuum asks the table alone."""


def open_table(lake: str, contract: type[Contract], *, rebuild: bool = False) -> DeltaTable:
    """Return a fresh handle on the contract's table, to write it or to make others of its rows.

    It is created when it is not there. The table of an older contract is made ready for the new
    one: bronze gets the columns that it lacks, silver and gold are partitioned as the contract says
    now, and the next refresh rebuilds them.

    Args:
        lake: where the tables lie.
        contract: of the table.
        rebuild: all its rows will be replaced, so that commits by others do not matter.

    Raises:
        TableError: it is hurt, uses features that we do not write, or others have changed it.
    """
    spec, schema = contract.spec(), Schema.from_arrow(stored_schema(contract))
    raw = spec.layer == "bronze"
    handle = _open(
        location(lake, spec.table),
        schema if raw else with_contract(schema, contract),
        partition_by=spec.partition_by,
        description=contract.grain(),
    )
    check_writable(handle, rebuild=rebuild)
    if raw:
        add_missing_columns(handle, schema)
    elif not (_is_divided(handle, contract) or holds.held_since(handle)):
        repartition(handle, scan(handle), contract)
    return handle


def open_quarantine(lake: str, source: type[Contract], *, rebuild: bool = False) -> DeltaTable:
    """Return a fresh handle on the table of a source's raw records that broke a contract.

    Takes `rebuild` and raises as `open_table`.
    """
    schema = Schema.from_arrow(quarantine_schema(source))
    handle = _open(
        location(lake, quarantine_name(source)),
        schema,
        description="Raw records that break their contract, with every reason.",
    )
    check_writable(handle, rebuild=rebuild)
    add_missing_columns(handle, schema)
    return handle


def check_writable(handle: DeltaTable, *, rebuild: bool = False) -> None:
    """Make sure that a table may be written, and others be made of it; raises as `open_table`."""
    protocol.check_writable(handle)
    if not rebuild:
        foreign_commits.check_no_foreign_commits(handle)


def open_existing(lake: str, table: str) -> DeltaTable:
    """Return a fresh handle on a table that exists, to read it.

    Raises:
        HurtTableError: a file of its log is empty, cut or missing.
        deltalake.exceptions.TableNotFoundError: there is no such table.
    """
    return _Handle(location(lake, table))


def as_of(handle: DeltaTable, version: int) -> DeltaTable:
    """Return a fresh handle on the table in an earlier version.

    Raises:
        deltalake.exceptions.DeltaError: its log does not know the version any more.
    """
    return _Handle(handle.table_uri, version)


def location(lake: str, table: str) -> str:
    """Return where a table lies: `gold.fact_sales` in `<lake>/gold/fact_sales`."""
    return f"{lake.rstrip('/')}/{table.replace('.', '/')}"


def exists(lake: str, table: str) -> bool:
    """Tell whether the table has been created, also where it has lost its log since."""
    uri = location(lake, table)
    if filesystem.is_file(uri):
        return True
    return DeltaTable.is_deltatable(uri, filesystem.delta_options(uri)) or has_data(uri)


def scan(handle: DeltaTable) -> pl.LazyFrame:
    """Return the rows of the handle's version.

    Raises:
        HurtTableError: a data file is cut or missing.
        UnsupportedFeatureError: the table uses a feature that Polars does not read.
    """
    protocol.check_readable(handle)
    check_sizes(handle)
    return pl.scan_delta(handle, storage_options=filesystem.polars_options(handle.table_uri))


def rows(handle: DeltaTable) -> int:
    """Count the rows of the handle's version, from its log alone where that knows."""
    if protocol.has_deletion_vectors(handle):
        return int(scan(handle).select(pl.len()).collect().item())
    return int(data_files.files(handle)["num_records"].sum())


def appended_since(handle: DeltaTable, version: int) -> tuple[pl.LazyFrame, int] | None:
    """Return the rows of an append-only table that came after a version, and their number.

    The number is what the log says. Returns nothing when the log cannot tell any more: it has
    been cleaned up, or files have been compacted.
    """
    try:
        before = data_files.files(as_of(handle, version))
    except DeltaError:
        return None
    files = data_files.files(handle)
    gone = before.join(files, on="path", how="anti")
    new = files.join(before, on="path", how="anti")
    # What was only put together since, of rows that had come by then, is nothing new.
    folded = new.filter(data_files.rows_through(pl.col("path")) <= version)
    if gone["num_records"].sum() != folded["num_records"].sum():
        return None
    new = new.join(folded, on="path", how="anti")
    check_sizes(handle)
    if new.is_empty():
        return scan(handle).clear(), 0
    return data_files.scan_files(handle, new["path"]).drop("_file"), int(new["num_records"].sum())


def changed_since(handle: DeltaTable, version: int) -> pl.LazyFrame:
    """Return the rows of a table with `_version` that came or changed after a version."""
    return scan(handle).filter(pl.col("_version") > version)


def matching(handle: DeltaTable, wanted: pl.DataFrame) -> pl.LazyFrame:
    """Return the rows that have the values of a row of `wanted` in its columns.

    With them comes `_file`, the path of the file that each lies in.
    """
    files = data_files.files(handle)
    if wanted.is_empty() or files.is_empty():
        return scan(handle).clear().with_columns(_file=pl.lit(None, pl.String))
    check_sizes(handle)
    # Polars reads this column of a file first, and the others where it finds something only.
    first, *others = wanted.columns
    found = data_files.scan_files(handle, files["path"]).filter(
        pl.col(first).is_in(wanted[first].unique().implode())
    )
    return found.join(wanted.lazy(), on=wanted.columns, how="semi") if others else found


def append(handle: DeltaTable, data: pl.DataFrame | Written, properties: CommitProperties) -> None:
    """Add rows, or files that have been written, through the handle.

    Columns that the table alone has, for an older contract had them, are null in the new rows.

    Raises:
        HeldError: the table is held since it was restored.
        deltalake.exceptions.SchemaMismatchError: the table has not the columns of the rows.
        deltalake.exceptions.CommitFailedError: another writer has moved the watermark since the
            handle was opened. Open a new handle, compare the watermark, decide.
    """
    holds.check_released(handle)
    written = _written(handle, data)
    if strange := set(written.schema) - {field.name for field in handle.schema().fields}:
        message = f"{handle.table_uri}: the table has not the columns {sorted(strange)} of the rows"
        raise SchemaMismatchError(message)
    commit(handle, written.actions, properties)


def replace(handle: DeltaTable, data: pl.DataFrame | Written, properties: CommitProperties) -> None:
    """Put rows, and their columns, in the place of all others; raises as `append`."""
    holds.check_released(handle)
    written = _written(handle, data)
    commit(handle, written.actions, properties, all_of=Schema.from_arrow(written.schema))


def rebuild(
    handle: DeltaTable, written: Written, properties: CommitProperties, contract: type[Contract]
) -> None:
    """Do as `replace` with files of `stamped` rows, which keep the contract as it is now.

    That is noted with them; and who reads the table begins anew.
    """
    holds.check_released(handle)
    schema = with_contract(Schema.from_arrow(written.schema), contract)
    commit(handle, written.actions, with_rebuild_marker(handle, properties), all_of=schema)


def stamped(handle: DeltaTable, data: pl.DataFrame) -> pl.DataFrame:
    """Add to rows the version in which the handle's next commit will bring them."""
    return data.with_columns(_version=pl.lit(handle.version() + 1, pl.Int64))


def commit(
    handle: DeltaTable,
    actions: Sequence[AddAction | RemoveAction],
    properties: CommitProperties,
    *,
    all_of: Schema | None = None,
    next_version: bool = False,
) -> None:
    """Commit the files of a table that come and go, through the handle; raises as `append`.

    Args:
        handle: on the version that the actions are about.
        actions: files that come, and files that go.
        properties: from `commit_properties`.
        all_of: the columns of a table whose other files all go.
        next_version: the rows say in which version they come.
    """
    mine = str(uuid4())
    try:
        handle.create_write_transaction(
            list(actions),
            "append" if all_of is None else "overwrite",
            all_of or handle.schema(),
            partition_by=handle.metadata().partition_columns,
            commit_properties=signed(
                CommitProperties(
                    custom_metadata=properties.custom_metadata,
                    app_transactions=properties.app_transactions,
                    # Rows say in which version they came: another writer must not take it.
                    max_commit_retries=0 if next_version or all_of else None,
                ),
                handle,
                mine,
            ),
            post_commithook_properties=NO_CLEANUP,
        )
    except (DeltaError, OSError):
        # Where S3 took the commit and its answer was lost, we are in conflict with ourselves.
        if not _came(handle, mine):
            raise
    handle.update_incremental()


def _came(handle: DeltaTable, commit: str) -> bool:
    """Tell whether a commit is among those since the handle's version."""
    now = _Handle(handle.table_uri)
    since = now.version() - handle.version()
    return since > 0 and any(entry.get(COMMIT) == commit for entry in now.history(since))


def _is_divided(handle: DeltaTable, contract: type[Contract]) -> bool:
    return handle.metadata().partition_columns == list(contract.spec().partition_by)


def _written(handle: DeltaTable, data: pl.DataFrame | Written) -> Written:
    return data_files.write_files(handle, [data]) if isinstance(data, pl.DataFrame) else data


def _open(
    uri: str, schema: Schema, *, partition_by: tuple[str, ...] = (), description: str
) -> DeltaTable:
    try:
        return _Handle(uri)
    except TableNotFoundError:
        _make_private(uri)
        # Of two writers that both find nothing one is too late, and finds it now.
        with suppress(CommitFailedError):
            DeltaTable.create(
                uri,
                schema,
                mode="ignore",
                partition_by=list(partition_by),
                description=description,
                configuration=KEEP_LOG,
                commit_properties=signed(CommitProperties(max_commit_retries=0), None),
                storage_options=filesystem.delta_options(uri),
            )
        return _Handle(uri)


def _make_private(uri: str) -> None:
    """Make the folder of raw records, of a lake that has none yet, for its owner alone."""
    layer = Path(uri).parent
    if not filesystem.is_s3(uri) and layer.name in {"bronze", "quarantine"}:
        layer.parent.mkdir(parents=True, exist_ok=True)
        layer.mkdir(mode=0o700, exist_ok=True)


class _Handle(DeltaTable):
    def __init__(self, uri: str, version: int | None = None) -> None:
        with checked_log(data_files.plain(uri), version):
            super().__init__(uri, version=version, storage_options=filesystem.delta_options(uri))

    def file_uris(self, *args: Any, **options: Any) -> list[str]:
        """Return local files as paths, not as parts of a URL: Polars opens them as they stand."""
        uris = super().file_uris(*args, **options)
        return [unquote(uri) if uri.startswith("/") else uri for uri in uris]
