"""Delta tables whose commits carry what they have consumed.

The watermark of a table says which inputs it holds: `bronze.orders` up to which version of that
table, a file's SHA-256 or not. It travels in the same commit as the data. A writer opens a
handle, reads the watermark from that handle, and commits through that handle, so that a stale
writer gets a conflict instead of repeating rows. Never hand a handle to a second thread.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from contracts.contract import Contract
from contracts.technical import quarantined, stored

METADATA = "keystone"
"""The key of our figures, as JSON, in a commit's metadata."""


def open_table(lake: str, contract: type[Contract]) -> DeltaTable:
    """Return a fresh handle on the contract's table, which is created when it is not there."""
    promise = contract.promise()
    return _open(
        location(lake, promise.table),
        stored(contract),
        partition_by=promise.partition_by,
        description=(contract.__doc__ or "").partition("\n")[0],
    )


def open_quarantine(lake: str, source: type[Contract]) -> DeltaTable:
    """Return a fresh handle on the table of a source's raw records that broke a contract."""
    name = quarantine_name(source)
    return _open(
        location(lake, name),
        quarantined(source),
        description="Raw records that break their contract, with every reason.",
    )


def open_existing(lake: str, table: str) -> DeltaTable:
    """Return a fresh handle on a table that exists."""
    return _Handle(location(lake, table))


def quarantine_name(source: type[Contract]) -> str:
    """Return the name of the table of a source's broken records: "quarantine.orders"."""
    return source.promise().table.replace("bronze.", "quarantine.")


def location(lake: str, table: str) -> str:
    """Return where a table lies: `gold.fact_sales` in `<lake>/gold/fact_sales`."""
    return f"{lake.rstrip('/')}/{table.replace('.', '/')}"


def exists(lake: str, table: str) -> bool:
    """Tell whether the table has been created."""
    return DeltaTable.is_deltatable(location(lake, table))


def scan(handle: DeltaTable) -> pl.LazyFrame:
    """Return the rows of the handle's version."""
    return pl.scan_delta(handle)


def rows(handle: DeltaTable) -> int:
    """Count the rows of the handle's version, from its log alone."""
    return int(_files(handle)["num_records"].sum())


def appended_since(handle: DeltaTable, version: int) -> tuple[pl.LazyFrame, int] | None:
    """Return the rows of an append-only table that came after a version, and their number.

    The number is what the log says. Returns nothing when the log cannot tell any more: it has
    been cleaned up, or files have been compacted.
    """
    try:
        before = _files(DeltaTable(handle.table_uri, version=version))
    except DeltaError:
        return None
    files = _files(handle)
    if len(before.join(files, on="path", how="anti")):
        return None
    new = files.join(before, on="path", how="anti")
    if new.is_empty():
        return scan(handle).clear(), 0
    wanted = tuple(new["path"])
    paths = [uri for uri in handle.file_uris() if uri.endswith(wanted)]
    return pl.scan_parquet(paths), int(new["num_records"].sum())


def append(handle: DeltaTable, data: pl.DataFrame, carried: CommitProperties) -> None:
    """Add rows through the handle.

    Raises:
        deltalake.exceptions.CommitFailedError: another writer has moved the watermark since the
            handle was opened. Open a new handle, compare the watermark, decide.
    """
    write_deltalake(handle, data, mode="append", commit_properties=carried)


def replace(handle: DeltaTable, data: pl.DataFrame, carried: CommitProperties) -> int:
    """Put rows, and their columns, in the place of all others; raises as `append`.

    Returns how many rows the table has then.
    """
    write_deltalake(
        handle, data, mode="overwrite", schema_mode="overwrite", commit_properties=carried
    )
    return rows(handle)


def upsert(
    handle: DeltaTable, data: pl.DataFrame, key: Sequence[str], carried: CommitProperties
) -> int:
    """Put each row in the place of the one with its key, or add it; raises as `append`.

    Returns how many were put or added.
    """
    if data.is_empty():  # a merge would not commit, and so not carry anything
        append(handle, data, carried)
        return 0
    merge = handle.merge(
        data,
        " AND ".join(f"old.{name} = new.{name}" for name in key),
        source_alias="new",
        target_alias="old",
        commit_properties=carried,
    )
    done = merge.when_matched_update_all().when_not_matched_insert_all().execute()
    return int(done["num_target_rows_inserted"] + done["num_target_rows_updated"])


def carrying(consumed: Mapping[str, int], figures: Mapping[str, Any]) -> CommitProperties:
    """Return what a commit carries beside its rows: the watermark, and figures for people."""
    return CommitProperties(
        custom_metadata={METADATA: json.dumps(figures)},
        app_transactions=[Transaction(name, version) for name, version in consumed.items()],
    )


def last_figures(handle: DeltaTable) -> dict[str, Any]:
    """Return the figures that the newest commit carries; nothing if the table is empty yet."""
    for entry in handle.history(1):
        if METADATA in entry:
            return dict(json.loads(entry[METADATA]))
    return {}


def _files(handle: DeltaTable) -> pl.DataFrame:
    return pl.DataFrame(handle.get_add_actions(flatten=True)).select("path", "num_records")


def _open(
    uri: str, schema: pl.Schema, *, partition_by: tuple[str, ...] = (), description: str
) -> DeltaTable:
    try:
        return _Handle(uri)
    except TableNotFoundError:
        # Of two writers that both find nothing one is too late, and finds it now.
        with suppress(CommitFailedError):
            DeltaTable.create(
                uri,
                Schema.from_arrow(schema),
                mode="ignore",
                partition_by=list(partition_by),
                description=description,
            )
        return _Handle(uri)


class _Handle(DeltaTable):
    def file_uris(self, *args: Any, **options: Any) -> list[str]:
        """Return local files as paths, not as parts of a URL: Polars opens them as they stand."""
        uris = super().file_uris(*args, **options)
        return [unquote(uri) if uri.startswith("/") else uri for uri in uris]
