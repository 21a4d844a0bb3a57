"""Commits by others: Spark, deltalake or Polars, beside this code.

Our commits carry what a table has consumed, and rows that say in which version they came. A commit
by others that changes data does neither: its readers would miss what it changed. So each writer
looks whether the newest commits of a table are ours, and stops where one is not. Commits that only
put files together, or set properties, change no data and pass.
"""

import json
from typing import Any, NamedTuple
from uuid import uuid4

from deltalake import CommitProperties, DeltaTable

from flows.config.errors import TableError, table_name
from flows.delta import data_files
from flows.storage import filesystem

COMMIT = "keystone.commit"
"""The key of an identity in a commit's metadata, by which its writer knows it."""

READ = "keystone.read"
"""The key of the version that the writer of a commit had read."""

_OURS = {COMMIT, "keystone", "keystone.before"}
"""Keys of our commits; those that older code made carry one of the others."""


class ForeignCommitError(TableError):
    """Somebody else has changed the data of a table; names table, version and operation."""


class Foreign(NamedTuple):
    """A commit by others that changes data."""

    version: int
    operation: str


def check_no_foreign_commits(handle: DeltaTable) -> None:
    """Make sure that no other writer has changed the data of a table since our last commit.

    Raises:
        ForeignCommitError: somebody has; says what to do.
    """
    found = foreign_commit(handle)
    if not found:
        return
    name = table_name(handle.table_uri)
    if name.startswith("bronze."):
        remedy = (
            f"`keystone restore {name} --version N` takes the table back to a version before it, "
            f"or with --version {found.version} keeps what it did"
        )
    else:
        remedy = "`keystone refresh --rebuild` makes the table of bronze again"
    message = (
        f"{name}: version {found.version} ({found.operation}) was not written by Keystone and "
        f"changes data; nothing is made of it, or written over it. {remedy}"
    )
    raise ForeignCommitError(message)


def foreign_commit(handle: DeltaTable) -> Foreign | None:
    """Return the newest commit by others that changes data, since our last one."""
    known_through = -1
    for version in range(handle.version(), -1, -1):
        if version <= known_through:
            return None
        if (actions := _actions(handle, version)) is None:
            # The log has forgotten the older commits: those after our last one must be known.
            return None if known_through >= 0 else Foreign(version, "forgotten by the log")
        info: dict[str, Any] = {}
        for action in actions:
            info |= action.get("commitInfo", {})
        if _OURS & info.keys():
            # Its writer has checked what came up to the version that he had read.
            known_through = max(known_through, int(info.get(READ, version - 1)))
        elif any(map(_changes_data, actions)):
            return Foreign(version, str(info.get("operation", "unknown")))
    return None


def signed(
    properties: CommitProperties, handle: DeltaTable | None, identity: str = ""
) -> CommitProperties:
    """Return what a commit carries, with the marks by which it is known to be ours.

    Args:
        properties: what it carries beside.
        handle: what its writer has read; nothing, if the commit creates the table.
        identity: of this commit alone; a new one, if it is not given.
    """
    read = {READ: str(handle.version())} if handle else {}
    return CommitProperties(
        custom_metadata={
            **(properties.custom_metadata or {}),
            COMMIT: identity or str(uuid4()),
            **read,
        },
        max_commit_retries=properties.max_commit_retries,
        app_transactions=properties.app_transactions,
    )


def _actions(handle: DeltaTable, version: int) -> list[dict[str, Any]] | None:
    """Return the actions of a commit; nothing, if the log has forgotten it."""
    (uri,) = data_files.paths(handle, [f"_delta_log/{version:020}.json"])
    try:
        lines = filesystem.read(uri).splitlines()
    except FileNotFoundError:
        return None
    return [json.loads(line) for line in lines if line.strip()]


def _changes_data(action: dict[str, Any]) -> bool:
    return any(
        kind in {"add", "remove"} and said.get("dataChange", True) for kind, said in action.items()
    )
