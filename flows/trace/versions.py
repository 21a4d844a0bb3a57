"""The version of an input that a table was computed from."""

from deltalake import DeltaTable

from flows import delta
from flows.delta.versions import NoVersionError, open_version


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
