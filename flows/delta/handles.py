"""Handles on existing Delta tables: where a table is, whether it exists, and how to open it."""

from typing import Any
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from flows.delta.data_files import storage_path
from flows.delta.log_check import checked_log, has_data
from flows.storage import filesystem


def location(lake: str, table: str) -> str:
    """Return the location of a table: `<lake>/gold/fact_sales` for `gold.fact_sales`."""
    return f"{lake.rstrip('/')}/{table.replace('.', '/')}"


def exists(lake: str, table: str) -> bool:
    """Return whether the table has been created, even if it has lost its log since."""
    uri = location(lake, table)
    if filesystem.is_file(uri):
        return True
    return DeltaTable.is_deltatable(uri, filesystem.delta_options(uri)) or has_data(uri)


def open_existing(lake: str, table: str) -> DeltaTable:
    """Return a fresh handle on an existing table, for reading.

    Raises:
        DamagedTableError: a file of its log is empty, truncated or missing.
        deltalake.exceptions.TableNotFoundError: the table does not exist.
    """
    return open_uri(location(lake, table))


def open_if_exists(lake: str, table: str) -> DeltaTable | None:
    """Return a fresh handle on a table, for reading, or None if the table does not exist.

    Raises:
        DamagedTableError: a file of its log is empty, truncated or missing.
    """
    try:
        return open_existing(lake, table)
    except TableNotFoundError:
        return None


def as_of(handle: DeltaTable, version: int) -> DeltaTable:
    """Return a fresh handle on an earlier version of the table.

    Raises:
        deltalake.exceptions.DeltaError: the log no longer has the version.
    """
    return open_uri(handle.table_uri, version)


def open_uri(uri: str, version: int | None = None) -> DeltaTable:
    """Return a fresh handle on the table at a location; raises as `open_existing`."""
    return _Handle(uri, version)


class _Handle(DeltaTable):
    def __init__(self, uri: str, version: int | None) -> None:
        with checked_log(storage_path(uri), version):
            super().__init__(uri, version=version, storage_options=filesystem.delta_options(uri))

    def file_uris(self, *args: Any, **options: Any) -> list[str]:
        """Return local files as paths, not URL-encoded: Polars does not decode them."""
        uris = super().file_uris(*args, **options)
        return [unquote(uri) if uri.startswith("/") else uri for uri in uris]
