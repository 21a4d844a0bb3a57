"""Tables under a contract, opened for writing and created if they do not exist.

A table's watermark says which inputs it has consumed: up to which version of `bronze.orders`, or
whether a file with a certain SHA-256. It is in the same commit as the data. A writer opens a
handle, reads the watermark from that handle, and commits through that handle, so that a stale
writer gets a conflict instead of repeating rows. Never share a handle between threads.

Rows are only ever appended to bronze and quarantine. The rows of all other tables carry
`_version`, the version of their table that last changed them. A reader that has consumed a table up
to a version finds the later rows by it. It cannot show a removed row: the transaction `removed`
says that there are some, and the files of the consumed version hold them. After a commit with the
transaction `rebuilt`, readers read all rows.
"""

from contextlib import suppress
from pathlib import Path

from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from contracts.contract import Contract
from contracts.technical_columns import quarantine_schema, stored_schema
from flows.delta import foreign_commits, holds, protocol
from flows.delta.contract_metadata import with_contract
from flows.delta.foreign_commits import with_commit_id
from flows.delta.handles import location, open_uri
from flows.delta.read import scan
from flows.delta.schema_evolution import add_missing_columns, repartition
from flows.delta.transactions import quarantine_name
from flows.storage import filesystem

KEEP_LOG = {"delta.enableExpiredLogCleanup": "false"}
"""Keeps the log when a table is vacuumed, which ignores the properties of commits."""


def open_table(lake: str, contract: type[Contract], *, rebuild: bool = False) -> DeltaTable:
    """Return a fresh handle on the contract's table, to write it or to derive other tables from it.

    Create the table if it does not exist. Adapt a table of an older contract: add missing columns
    to bronze; repartition silver and gold, whose rows the next refresh rebuilds.

    Args:
        lake: location of the tables.
        contract: the contract of the table.
        rebuild: whether all rows will be replaced, so that foreign commits do not matter.

    Raises:
        TableError: the table is damaged, uses features that Keystone does not write, or was
            changed by another program.
    """
    spec, schema = contract.spec(), Schema.from_arrow(stored_schema(contract))
    is_bronze = spec.layer == "bronze"
    handle = open_or_create(
        location(lake, spec.table),
        schema if is_bronze else with_contract(schema, contract),
        partition_by=spec.partition_by,
        description=contract.grain(),
    )
    check_writable(handle, rebuild=rebuild)
    if is_bronze:
        add_missing_columns(handle, schema)
    elif not (_has_partitions(handle, contract) or holds.held_since(handle)):
        repartition(handle, scan(handle), contract)
    return handle


def open_quarantine(lake: str, source: type[Contract], *, rebuild: bool = False) -> DeltaTable:
    """Return a fresh handle on the quarantine of a source: raw records that broke a contract.

    Takes `rebuild` and raises as `open_table`.
    """
    schema = Schema.from_arrow(quarantine_schema(source))
    handle = open_or_create(
        location(lake, quarantine_name(source)),
        schema,
        description="Raw records that break their contract, with every reason.",
    )
    check_writable(handle, rebuild=rebuild)
    add_missing_columns(handle, schema)
    return handle


def check_writable(handle: DeltaTable, *, rebuild: bool = False) -> None:
    """Check that a table may be written and read as an input; raises as `open_table`."""
    protocol.check_writable(handle)
    if not rebuild:
        foreign_commits.check_no_foreign_commits(handle)


def _has_partitions(handle: DeltaTable, contract: type[Contract]) -> bool:
    return handle.metadata().partition_columns == list(contract.spec().partition_by)


def open_or_create(
    uri: str, schema: Schema, *, partition_by: tuple[str, ...] = (), description: str
) -> DeltaTable:
    """Return a fresh handle on the table at a location, created if it does not exist."""
    try:
        return open_uri(uri)
    except TableNotFoundError:
        _make_private(uri)
        # If another writer created the table first, open that one.
        with suppress(CommitFailedError):
            DeltaTable.create(
                uri,
                schema,
                mode="ignore",
                partition_by=list(partition_by),
                description=description,
                configuration=KEEP_LOG,
                commit_properties=with_commit_id(CommitProperties(max_commit_retries=0), None),
                storage_options=filesystem.delta_options(uri),
            )
        return open_uri(uri)


def _make_private(uri: str) -> None:
    """Create the folder of a layer that holds raw records, with access for its owner only."""
    layer = Path(uri).parent
    if not filesystem.is_s3(uri) and layer.name in {"bronze", "quarantine"}:
        layer.parent.mkdir(parents=True, exist_ok=True)
        layer.mkdir(mode=0o700, exist_ok=True)
