"""The version of an input that a table was computed from."""

from deltalake import DeltaTable

from flows import delta
from flows.delta.quarantine import of_silver
from flows.delta.versions import NoVersionError, check_files, open_version


def open_input(lake: str, name: str, reader: DeltaTable) -> DeltaTable:
    """Return a handle on the version of an input that a table has consumed.

    If its files have been deleted, return one on the newest version.
    """
    newest = delta.open_existing(lake, name)
    consumed = delta.consumed(reader, name)
    if consumed is None or consumed >= newest.version():
        return newest
    try:
        return open_version(newest, consumed)
    except NoVersionError:
        return newest


def open_quarantine(lake: str, name: str, silver: DeltaTable) -> DeltaTable:
    """Return a handle on the version of a quarantine that belongs to a version of silver.

    If its log or its files have been deleted, return one on the newest version.
    """
    newest = delta.open_existing(lake, name)
    try:
        found = of_silver(newest, silver, name)
        check_files(newest, found)
    except NoVersionError:
        return newest
    return found
