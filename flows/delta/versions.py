"""Earlier versions of a table, by number or by time."""

from datetime import UTC, datetime

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows.config.errors import table_name
from flows.delta import data_files
from flows.delta.commit_log import commits
from flows.delta.handles import as_of
from flows.storage import filesystem


class NoVersionError(Exception):
    """A version of a table cannot be read or restored; says why."""


def open_version(handle: DeltaTable, version: int) -> DeltaTable:
    """Return a fresh handle on an earlier version, whose data files exist.

    Args:
        handle: on the newest version.
        version: the version to read.

    Raises:
        NoVersionError: the table has no such version, or its files have been deleted.
    """
    name, newest = table_name(handle.table_uri), handle.version()
    if not 0 <= version <= newest:
        message = f"{name}: there is no version {version}; the newest is {newest}"
        raise NoVersionError(message)
    found = open_logged(handle, version)
    check_files(handle, found)
    return found


def open_logged(handle: DeltaTable, version: int) -> DeltaTable:
    """Return a fresh handle on a version, whose data files may have been deleted.

    Raises:
        NoVersionError: the version is no longer in the log.
    """
    try:
        return as_of(handle, version)
    except DeltaError as error:
        name = table_name(handle.table_uri)
        message = f"{name}: version {version} is no longer in the log; choose a later one"
        raise NoVersionError(message) from error


def check_files(newest: DeltaTable, older: DeltaTable) -> None:
    """Check that the data files of an older version exist.

    Those that the newest version uses are not looked for: they exist, or the table is damaged.

    Raises:
        NoVersionError: `keystone maintain` has deleted some.
    """
    old = data_files.files(older).join(data_files.files(newest), on="path", how="anti")
    uris = data_files.paths(older, old["path"])
    if missing := sum(not filesystem.exists(uri) for uri in uris):
        message = (
            f"{table_name(older.table_uri)}: `keystone maintain` has deleted {missing} files of "
            f"version {older.version()}, or an erasure; choose a later one"
        )
        raise NoVersionError(message)


def version_at(handle: DeltaTable, time: datetime) -> int:
    """Return the version that was the newest at a time.

    Args:
        handle: on the newest version.
        time: UTC if it names no zone.

    Raises:
        NoVersionError: the table was created later, or its log no longer reaches back so far.
    """
    moment = time if time.tzinfo else time.replace(tzinfo=UTC)
    oldest = None
    for oldest in commits(handle):
        if oldest.at <= moment:
            return oldest.version
    since = f"; its oldest version is of {oldest.at:%Y-%m-%d %H:%M:%S} UTC" if oldest else ""
    message = f"{table_name(handle.table_uri)}: there is no version of {moment}{since}"
    raise NoVersionError(message)
