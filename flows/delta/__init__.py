"""Delta tables: open, read, append, merge, restore, optimize; data and progress in one commit.

Other packages use the names below as `delta.scan`, `delta.append`; each module holds one concern.
"""

from flows.delta.commit_log import METADATA, commit_properties, with_rebuild_marker
from flows.delta.table import (
    KEEP_LOG,
    NO_CLEANUP,
    append,
    appended_since,
    as_of,
    changed_since,
    check_writable,
    commit,
    exists,
    location,
    matching,
    open_existing,
    open_quarantine,
    open_table,
    rebuild,
    replace,
    rows,
    scan,
    stamped,
)
from flows.delta.transactions import FORGOTTEN, REBUILT, consumed, quarantine_name

__all__ = [
    "FORGOTTEN",
    "KEEP_LOG",
    "METADATA",
    "NO_CLEANUP",
    "REBUILT",
    "append",
    "appended_since",
    "as_of",
    "changed_since",
    "check_writable",
    "commit",
    "commit_properties",
    "consumed",
    "exists",
    "location",
    "matching",
    "open_existing",
    "open_quarantine",
    "open_table",
    "quarantine_name",
    "rebuild",
    "replace",
    "rows",
    "scan",
    "stamped",
    "with_rebuild_marker",
]
