"""Table maintenance: compact small files, write a checkpoint, vacuum, clean up the log."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows import delta
from flows.config.errors import TableError
from flows.config.plural import pluralize
from flows.delta import data_files
from flows.delta.commit_log import maintenance_properties
from flows.delta.damage import translate_damage
from flows.delta.data_files import Written
from flows.delta.foreign_commits import with_commit_id
from flows.delta.merge import SMALL_FILE_ROWS
from flows.delta.transactions import consumed_tables
from transforms.graph import tables

LOG_RETENTION = timedelta(days=30)
"""The minimum time that the log of a version is kept: Delta's own default."""


class Optimized(NamedTuple):
    """What was done to a table."""

    table: str
    compacted: int
    """Number of small files that were compacted into larger ones."""
    files: int
    """Number of files of the newest version."""
    deleted: int
    """Number of deleted files that no retained version uses."""
    version: int
    rejected: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return the line of the log."""
        return f"{self.table}: {self.compacted} small files compacted, {self.deleted} deleted"

    def metrics(self) -> dict[str, int]:
        """Return the metrics as plain values, for JSON."""
        return {"files": self.files, "compacted": self.compacted, "deleted": self.deleted}


def optimize_table(lake: str, name: str, keep: timedelta) -> Optimized:
    """Compact the small files of a table, write a checkpoint, and delete what is not needed.

    Readers and writers are not disturbed: rows do not change, and files stay if a version within
    `keep` (at least a day) uses them.

    Raises:
        TableError: the table is damaged, or must not be written (see `delta.check_writable`).
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    with translate_damage(lake, [name]):
        return _optimize(lake, name, keep)


def _optimize(lake: str, name: str, keep: timedelta) -> Optimized:
    handle = delta.open_existing(lake, name)
    delta.check_writable(handle)
    consumed = list(_consumed_versions(lake, name))
    compacted = _compact_small_files(handle, min(consumed, default=handle.version()))
    keep = max(keep, timedelta(days=1))
    _set_retention(handle, keep)
    deleted = _vacuum(handle, keep)
    if handle.version() > 0:
        handle.create_checkpoint()
    if all(_is_retained(handle, version, max(keep, LOG_RETENTION)) for version in consumed):
        handle.cleanup_metadata()
    return Optimized(name, compacted, len(data_files.files(handle)), deleted, handle.version())


def commit_compaction(handle: DeltaTable, replaced: pl.DataFrame, written: Written) -> None:
    """Replace files (rows of `data_files.files`) by others that hold the same rows.

    Raises:
        deltalake.exceptions.CommitFailedError: another writer has removed one of the files.
    """
    removals = data_files.remove_actions(replaced, data_change=False)
    done = f"compacted {pluralize(len(replaced), 'small file')} into {len(written.actions)}"
    delta.commit(handle, [*removals, *written.actions], maintenance_properties(handle, done))


def _consumed_versions(lake: str, name: str) -> Iterator[int]:
    """Yield, for each reader of a table, the version up to which it has consumed the table."""
    for table in tables().values():
        if name in consumed_tables(table) and delta.exists(lake, table.name):
            try:
                reader = delta.open_existing(lake, table.name)
            except TableError:  # once repaired, it may have to read everything
                yield 0
            else:
                yield delta.consumed(reader, name) or 0


def _compact_small_files(handle: DeltaTable, through: int) -> int:
    """Compact small files that were added up to a version that every reader has consumed.

    A reader of an append-only table recognizes new rows by their files. So files that are new to
    a reader are not compacted with others.
    """
    try:
        known = data_files.files(delta.as_of(handle, through)).select("path")
    except DeltaError:  # the log no longer has the version that the slowest reader has consumed
        return 0
    small = (
        data_files.files(handle)
        .join(known, on="path")
        .filter(pl.col("num_records") < SMALL_FILE_ROWS)
    )
    target_file = pl.col("num_records").cum_sum().over("partition") // data_files.ROWS
    groups = [
        group
        for group in small.sort("path")
        .with_columns(_target_file=target_file)
        .partition_by("partition", "_target_file")
        if len(group) > 1
    ]
    if not groups:
        return 0
    frames = (
        data_files.scan_files(handle, group["path"]).drop("_file").collect() for group in groups
    )
    replaced = pl.concat(groups)
    written = data_files.write_files(handle, frames, compacted_through=through)
    commit_compaction(handle, replaced, written)
    return len(replaced)


def _set_retention(handle: DeltaTable, keep: timedelta) -> None:
    """Set how long log and checkpoints record old versions and the removal of files.

    Without a record of its removal, a vacuum judges a file by its age, and deletes it too early.
    """
    current = handle.metadata().configuration
    wanted = delta.KEEP_LOG | {
        name: f"interval {max(keep, default).days} days"
        for name, default in _DELTA_DEFAULTS.items()
        if keep > default or name in current
    }
    if not wanted.items() <= current.items():
        done = f"set the retention of versions to {pluralize(keep.days, 'day')}"
        handle.alter.set_table_properties(
            wanted,
            commit_properties=with_commit_id(maintenance_properties(handle, done), handle),
            post_commithook_properties=delta.NO_CLEANUP,
        )


_DELTA_DEFAULTS = {
    "delta.deletedFileRetentionDuration": timedelta(days=7),
    "delta.logRetentionDuration": LOG_RETENTION,
}


def _vacuum(handle: DeltaTable, keep: timedelta) -> int:
    hours = keep // timedelta(hours=1)
    unused = handle.vacuum(hours, dry_run=True, enforce_retention_duration=False, full=True)
    if unused:  # a vacuum commits two versions, even if it deletes nothing
        done = f"deleted {pluralize(len(unused), 'file')} that no retained version uses"
        handle.vacuum(
            hours,
            dry_run=False,
            enforce_retention_duration=False,
            full=True,
            commit_properties=with_commit_id(maintenance_properties(handle, done), handle),
        )
    return len(unused)


def _is_retained(handle: DeltaTable, version: int, within: timedelta) -> bool:
    """Return whether a clean-up keeps the log since a version, which its readers still need."""
    # The history of this handle, because a handle on that version returns the newest commits too.
    entry = handle.history(max(1, handle.version() - version + 1))[-1]
    age = datetime.now(UTC) - datetime.fromtimestamp(entry["timestamp"] / 1000, UTC)
    return entry["version"] == version and age < within
