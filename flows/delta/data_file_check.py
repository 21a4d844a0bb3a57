"""The data files of a table, compared with what its log says of them.

Polars panics where a file is shorter than it was, and names no file. So sizes are compared before
a table in a folder is read; on S3, where an object is whole or not there, and for what has its size
and yet cannot be read, a file is looked for once reading has failed.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import polars as pl
from deltalake import DeltaTable

from flows.config.errors import ConservationError, TableError, table_name
from flows.delta import data_files
from flows.delta.log_check import DamagedTableError
from flows.storage import filesystem


class PanicError(Exception):
    """A library of ours gave up on what it met, and does not say where."""


def check_sizes(handle: DeltaTable) -> None:
    """Make sure that the data files of a table in a folder have the sizes that its log says.

    Raises:
        HurtTableError: one is cut or missing; names it.
    """
    if not filesystem.is_s3(handle.table_uri) and (damage := _wrong_size(handle)):
        raise DamagedTableError(damage)


@contextmanager
def translate_damage_of(handles: Callable[[], Iterable[DeltaTable]]) -> Iterator[None]:
    """Name the table and file that cannot be read, where reading them fails.

    Args:
        handles: returns the tables that are read; called after a failure only.

    Raises:
        HurtTableError: a data file is cut, missing or no Parquet file.
        PanicError: a library gave up for another reason. (What it raises itself is no `Exception`.)
    """
    try:
        yield
    except BaseException as error:
        panicked = type(error).__name__ == "PanicException"
        if not panicked and not (isinstance(error, Exception) and _may_be_damage(error)):
            raise
        for handle in handles():
            if damage := _wrong_size(handle) or _unreadable(handle):
                raise DamagedTableError(damage) from error
        if panicked:
            raise PanicError(str(error)) from error
        raise


def _may_be_damage(error: Exception) -> bool:
    # DuckDB tells as a text what Polars has raised.
    if isinstance(error, TableError):
        return False
    told = "PanicException" in str(error) or "arquet" in str(error)
    return told or isinstance(error, pl.exceptions.PolarsError | ConservationError | OSError)


def _wrong_size(handle: DeltaTable) -> str:
    files = data_files.files(handle).select("path", "size_bytes")
    for path, uri, size in zip(
        files["path"], data_files.paths(handle, files["path"]), files["size_bytes"], strict=True
    ):
        try:
            found = filesystem.size(uri)
        except FileNotFoundError:
            if _ENCODED.search(path):  # by another writer; Polars knows what it means
                continue
            return _hurt(handle, path, "is missing")
        if found != size:
            return _hurt(handle, path, f"has {found:,} bytes, and the log says {size:,}: it is cut")
    return ""


_ENCODED = re.compile(r"%[0-9A-F]{2}|://")


def _unreadable(handle: DeltaTable) -> str:
    options = filesystem.polars_options(handle.table_uri)
    for path in data_files.files(handle)["path"]:
        (uri,) = data_files.paths(handle, [path])
        try:
            pl.read_parquet(uri, hive_partitioning=False, storage_options=options)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return _hurt(handle, path, "cannot be read: its bytes are damaged")
    return ""


def _hurt(handle: DeltaTable, path: str, what: str) -> str:
    name = table_name(handle.table_uri)
    remedy = (
        "put it back from a backup"
        if name.startswith("bronze.")
        else "put it back from a backup, or `keystone refresh --rebuild`"
    )
    return f"{name}: its data file {path} {what}. Nothing is made of it; {remedy}"
