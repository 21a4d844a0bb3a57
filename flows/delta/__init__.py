"""Delta tables: open, read, append, merge, restore, optimize; data and progress in one commit.

Other packages use the names below as `delta.scan`, `delta.append`; each module holds one concern.
"""

from flows.delta.commit_log import METADATA, commit_properties, with_marker
from flows.delta.handles import as_of, exists, location, open_existing, open_if_exists
from flows.delta.read import (
    appended_since,
    changed_since,
    keeps_removed_rows,
    matching,
    rows,
    scan,
)
from flows.delta.table import KEEP_LOG, check_writable, open_quarantine, open_table
from flows.delta.transactions import FORGOTTEN, REBUILT, REMOVED, consumed, quarantine_name
from flows.delta.write import NO_CLEANUP, append, commit, rebuild, replace, stamped

__all__ = [
    "FORGOTTEN",
    "KEEP_LOG",
    "METADATA",
    "NO_CLEANUP",
    "REBUILT",
    "REMOVED",
    "append",
    "appended_since",
    "as_of",
    "changed_since",
    "check_writable",
    "commit",
    "commit_properties",
    "consumed",
    "exists",
    "keeps_removed_rows",
    "location",
    "matching",
    "open_existing",
    "open_if_exists",
    "open_quarantine",
    "open_table",
    "quarantine_name",
    "rebuild",
    "replace",
    "rows",
    "scan",
    "stamped",
    "with_marker",
]
