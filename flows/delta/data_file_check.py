"""The data files of a table, compared with their entries in the log.

Polars panics if a file is shorter than it was, and does not name the file. So a table in a folder
is checked for sizes before it is read. On S3 an object is complete or missing, so there files are
checked only after a read has failed; so are files of the right size that cannot be read.
"""

import re

import polars as pl
from deltalake import DeltaTable

from flows.config.errors import table_name
from flows.delta import data_files
from flows.delta.log_check import DamagedTableError
from flows.storage import filesystem


def check_sizes(handle: DeltaTable) -> None:
    """Check that the data files of a table in a folder have the sizes that its log records.

    Raises:
        DamagedTableError: a file is truncated or missing; names it.
    """
    if not filesystem.is_s3(handle.table_uri) and (damage := _wrong_size(handle)):
        raise DamagedTableError(damage)


def find_damage(handle: DeltaTable) -> str:
    """Describe a data file that is missing, truncated or unreadable; empty if there is none."""
    return _wrong_size(handle) or _unreadable(handle)


def _wrong_size(handle: DeltaTable) -> str:
    files = data_files.files(handle).select("path", "size_bytes")
    for path, uri, expected in zip(
        files["path"], data_files.paths(handle, files["path"]), files["size_bytes"], strict=True
    ):
        try:
            size = filesystem.size(uri)
        except FileNotFoundError:
            if _ENCODED.search(path):  # another writer encoded the path; Polars decodes it
                continue
            return _message(handle, path, "is missing")
        if size != expected:
            problem = f"is truncated: it has {size:,} bytes, but the log says {expected:,}"
            return _message(handle, path, problem)
    return ""


_ENCODED = re.compile(r"%[0-9A-F]{2}|://")


def _unreadable(handle: DeltaTable) -> str:
    options = filesystem.polars_options(handle.table_uri)
    for path in data_files.files(handle)["path"]:
        (uri,) = data_files.paths(handle, [path])
        try:
            pl.read_parquet(uri, hive_partitioning=False, storage_options=options)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return _message(handle, path, "cannot be read: its bytes are damaged")
    return ""


def _message(handle: DeltaTable, path: str, problem: str) -> str:
    name = table_name(handle.table_uri)
    remedy = "restore the file from a backup"
    if not name.startswith("bronze."):
        remedy += ", or run `keystone refresh --rebuild`"
    return f"{name}: its data file {path} {problem}. No table is computed from it; {remedy}"
