"""Foreign commits: those that Spark, deltalake or Polars made, not Keystone.

A Keystone commit carries the watermark, and its rows say which version changed them. A foreign
commit that changes data has neither, so readers would miss the change. Therefore every writer
checks that the newest commits of a table are ours, and stops at a foreign one. Commits that only
compact files or set properties change no data and are allowed.
"""

import json
from typing import Any, NamedTuple
from uuid import uuid4

from deltalake import CommitProperties, DeltaTable

from flows.config.errors import TableError, table_name
from flows.delta import data_files
from flows.delta.provenance import provenance
from flows.storage import filesystem

COMMIT = "keystone.commit"
"""The metadata key of a commit's id, by which its writer recognizes it."""

READ = "keystone.read"
"""The metadata key of the version that the writer had read."""

_OURS = {COMMIT, "keystone", "keystone.before"}
"""Metadata keys of Keystone's commits; those of version 0.1 have one of the last two only."""


class ForeignCommitError(TableError):
    """Another program has changed the data of a table; names table, version and operation."""


class ForeignCommit(NamedTuple):
    """A commit by another program that changes data."""

    version: int
    operation: str


def check_no_foreign_commits(handle: DeltaTable) -> None:
    """Check that no other program has changed the data of a table since our last commit.

    Raises:
        ForeignCommitError: one has; says what to do.
    """
    found = find_foreign_commit(handle)
    if not found:
        return
    name = table_name(handle.table_uri)
    if name.startswith("bronze."):
        remedy = (
            f"`keystone restore {name} --version N` puts the table back to a version before it; "
            f"--version {found.version} accepts the change"
        )
    else:
        remedy = "`keystone refresh --rebuild` rebuilds the table from bronze"
    message = (
        f"{name}: version {found.version} ({found.operation}) was not written by Keystone and "
        f"changes data. Nothing was read from the table or written to it; {remedy}"
    )
    raise ForeignCommitError(message)


def find_foreign_commit(handle: DeltaTable) -> ForeignCommit | None:
    """Return the newest foreign commit since our last commit, if there is one."""
    checked_through = -1
    for version in range(handle.version(), -1, -1):
        if version <= checked_through:
            return None
        if (actions := _actions(handle, version)) is None:
            # The log has been cleaned up to here. That is fine if one of our commits came later.
            if checked_through >= 0:
                return None
            return ForeignCommit(version, "no longer in the log")
        info: dict[str, Any] = {}
        for action in actions:
            info |= action.get("commitInfo", {})
        if _OURS & info.keys():
            # The writer of our commit checked everything up to the version that it had read.
            checked_through = max(checked_through, int(info.get(READ, version - 1)))
        elif any(map(_changes_data, actions)):
            return ForeignCommit(version, str(info.get("operation", "unknown")))
    return None


def with_commit_id(
    properties: CommitProperties, handle: DeltaTable | None, commit_id: str = ""
) -> CommitProperties:
    """Add the metadata that identifies a commit as ours.

    Args:
        properties: the other properties of the commit.
        handle: on the version that the writer has read; None if the commit creates the table.
        commit_id: the id of this commit; a new one by default.
    """
    read = {READ: str(handle.version())} if handle else {}
    return CommitProperties(
        custom_metadata={
            **(properties.custom_metadata or {}),
            **provenance(),
            COMMIT: commit_id or str(uuid4()),
            **read,
        },
        max_commit_retries=properties.max_commit_retries,
        app_transactions=properties.app_transactions,
    )


def _actions(handle: DeltaTable, version: int) -> list[dict[str, Any]] | None:
    """Return the actions of a commit, or None if it is no longer in the log."""
    (uri,) = data_files.paths(handle, [f"_delta_log/{version:020}.json"])
    try:
        lines = filesystem.read(uri).splitlines()
    except FileNotFoundError:
        return None
    return [json.loads(line) for line in lines if line.strip()]


def _changes_data(action: dict[str, Any]) -> bool:
    return any(
        kind in {"add", "remove"} and details.get("dataChange", True)
        for kind, details in action.items()
    )
