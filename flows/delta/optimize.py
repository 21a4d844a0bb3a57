"""Housekeeping of a table: small files, checkpoints, and what no version needs any more."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows import delta
from flows.config.errors import TableError
from flows.delta import data_files
from flows.delta.commit_log import maintenance_properties
from flows.delta.damage import translate_damage
from flows.delta.data_files import Written
from flows.delta.foreign_commits import signed
from flows.delta.merge import SMALL_FILE_ROWS
from transforms.graph import tables

LOG = timedelta(days=30)
"""How long a version's log is kept at least: Delta's own default."""


class Optimized(NamedTuple):
    """What was done for a table."""

    table: str
    folded: int
    """How many small files were put together."""
    files: int
    """How many files the newest version has."""
    removed: int
    """How many files were deleted that no kept version has."""
    version: int
    rejected: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return the line of the log."""
        return f"{self.table}: {self.folded} small files merged, {self.removed} deleted"

    def metrics(self) -> dict[str, int]:
        """Return the metrics as plain values, for JSON."""
        return {"files": self.files, "folded": self.folded, "removed": self.removed}


def optimize_table(lake: str, name: str, keep: timedelta) -> Optimized:
    """Put the small files of a table together, make a checkpoint, and delete what is not needed.

    Whoever reads or writes the table meanwhile is not disturbed: its rows stay as they are, and
    files that a version of the last days has (`keep`, a day at least) stay where they are.

    Raises:
        TableError: the table is hurt, or may not be written (see `delta.check_writable`).
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    with translate_damage(lake, [name]):
        return _keep_up(lake, name, keep)


def _keep_up(lake: str, name: str, keep: timedelta) -> Optimized:
    handle = delta.open_existing(lake, name)
    delta.check_writable(handle)
    readers = list(_readers(lake, name))
    folded = _fold_small(handle, min(readers, default=handle.version()))
    keep = max(keep, timedelta(days=1))
    _remember(handle, keep)
    removed = _vacuum(handle, keep)
    if handle.version() > 0:
        handle.create_checkpoint()
    if all(_is_recent(handle, version, max(keep, LOG)) for version in readers):
        handle.cleanup_metadata()
    return Optimized(name, folded, len(data_files.files(handle)), removed, handle.version())


def fold(handle: DeltaTable, removed: pl.DataFrame, written: Written) -> None:
    """Put files in the place of others (rows of `parquet.files`) that have the same rows.

    Raises:
        deltalake.exceptions.CommitFailedError: another writer has removed one of them.
    """
    gone = data_files.without(removed, rows_stay=True)
    done = f"{len(removed)} small files put together in {len(written.actions)}"
    delta.commit(handle, [*gone, *written.actions], maintenance_properties(handle, done))


def _readers(lake: str, name: str) -> Iterator[int]:
    """Yield up to which version each reader has consumed a table."""
    for table in tables().values():
        if name in table.input_names and delta.exists(lake, table.name):
            try:
                reader = delta.open_existing(lake, table.name)
            except TableError:  # once it is mended it may have to read all
                yield 0
            else:
                yield delta.consumed(reader, name) or 0


def _fold_small(handle: DeltaTable, through: int) -> int:
    """Put small files together that came up to a version which every reader has consumed.

    A reader of an append-only table tells by its files what is new to it. So what is new to one
    stays in files of its own.
    """
    try:
        known = data_files.files(delta.as_of(handle, through)).select("path")
    except DeltaError:  # a reader is so far behind that the log has forgotten where
        return 0
    small = (
        data_files.files(handle)
        .join(known, on="path")
        .filter(pl.col("num_records") < SMALL_FILE_ROWS)
    )
    filled = pl.col("num_records").cum_sum().over("partition") // data_files.ROWS
    packs = [
        pack
        for pack in small.sort("path").with_columns(_pack=filled).partition_by("partition", "_pack")
        if len(pack) > 1
    ]
    if not packs:
        return 0
    rows = (data_files.scan_files(handle, pack["path"]).drop("_file").collect() for pack in packs)
    removed = pl.concat(packs)
    fold(handle, removed, data_files.write_files(handle, rows, rows_through=through))
    return len(removed)


def _remember(handle: DeltaTable, keep: timedelta) -> None:
    """Let log and checkpoints know as long what a version had, and who removed a file of it.

    Of a file that no removal is known of, a vacuum takes the age for the time since.
    """
    known = handle.metadata().configuration
    wanted = delta.KEEP_LOG | {
        name: f"interval {max(keep, given).days} days"
        for name, given in _GIVEN.items()
        if keep > given or name in known
    }
    if not wanted.items() <= known.items():
        handle.alter.set_table_properties(
            wanted,
            commit_properties=signed(
                maintenance_properties(handle, f"versions kept for {keep.days} days"), handle
            ),
            post_commithook_properties=delta.NO_CLEANUP,
        )


_GIVEN = {
    "delta.deletedFileRetentionDuration": timedelta(days=7),
    "delta.logRetentionDuration": LOG,
}
"""How long Delta remembers by itself."""


def _vacuum(handle: DeltaTable, keep: timedelta) -> int:
    hours = keep // timedelta(hours=1)
    doomed = handle.vacuum(hours, dry_run=True, enforce_retention_duration=False, full=True)
    if doomed:  # or it would commit two versions to say so
        done = maintenance_properties(
            handle, f"{len(doomed)} files deleted that no kept version has"
        )
        done = signed(done, handle)
        handle.vacuum(
            hours,
            dry_run=False,
            enforce_retention_duration=False,
            full=True,
            commit_properties=done,
        )
    return len(doomed)


def _is_recent(handle: DeltaTable, version: int, within: timedelta) -> bool:
    """Tell whether a version's log is kept anyway: who stands there must find what came since."""
    # Asked of this handle and not of one on that version, which would tell of the newest.
    made = handle.history(max(1, handle.version() - version + 1))[-1]
    age = datetime.now(UTC) - datetime.fromtimestamp(made["timestamp"] / 1000, UTC)
    return made["version"] == version and age < within
