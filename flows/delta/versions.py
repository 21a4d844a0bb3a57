"""Earlier versions of a table, by number or by time."""

from datetime import UTC, datetime

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows.config.errors import table_name
from flows.delta import data_files
from flows.delta.commit_log import commits
from flows.delta.handles import as_of
from flows.delta.restore import NoVersionError
from flows.storage import filesystem


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
    try:
        found = as_of(handle, version)
    except DeltaError as error:
        message = f"{name}: version {version} is no longer in the log; choose a later one"
        raise NoVersionError(message) from error
    # Files of the newest version are there, or the table is damaged.
    old = data_files.files(found).join(data_files.files(handle), on="path", how="anti")
    uris = data_files.paths(found, old["path"])
    if missing := sum(not filesystem.exists(uri) for uri in uris):
        message = (
            f"{name}: `keystone maintain` has deleted {missing} files of version {version}; "
            f"choose a later one"
        )
        raise NoVersionError(message)
    return found


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
