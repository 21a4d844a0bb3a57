"""A table as it was in an earlier version, with the watermark that belongs to it.

A restore is a commit like any other. It carries what that version had consumed, so that what came
since is not taken for consumed: the next refresh reads on from there, the next drain takes the
messages again, and a file whose records went may be ingested again. It also holds the table:
nothing is written to it until it is released, or the next refresh would undo the restore.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter

import polars as pl
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import DeltaError

from flows import delta
from flows.delta import data_files, holds, protocol
from flows.delta.commit_log import last_metrics, maintenance_properties
from flows.delta.contract_metadata import is_current, read_contract
from flows.delta.damage import translate_damage
from flows.delta.foreign_commits import foreign_commit, signed
from flows.delta.holds import Released
from flows.delta.outcome import Outcome
from flows.delta.protocol import UnsupportedFeatureError
from flows.delta.status import resolve_table
from flows.delta.transactions import CODE_VERSION, table_identity, topic_identity
from flows.storage import filesystem
from transforms.graph import tables


class NoVersionError(Exception):
    """A table cannot be put back to a version; says why."""


def check_restore(lake: str, table: str, version: int) -> str:
    """Return the name of a table that can be put back to a version; raises as `restore_table`."""
    name = resolve_table(lake, table)
    _check_restorable(name)
    _as_of(delta.open_existing(lake, name), name, version)
    return name


def restore_table(lake: str, table: str, version: int) -> Outcome:
    """Put a bronze, silver or gold table back to a version of its own, and hold it.

    The protocol goes back as well. The newest version may be restored, too: so the table keeps what
    others have changed in it, and its readers begin anew.

    Raises:
        TableError: the table is hurt, or its version uses features that we do not write.
        NoVersionError: it has no such version, the files of that version are gone, or it was made
            under another contract, as which no table behind it could read it.
        UnknownTableError: the lake has no such table.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started, name = perf_counter(), resolve_table(lake, table)
    _check_restorable(name)
    with translate_damage(lake, [name]):
        return _restore(lake, name, version, started)


def _restore(lake: str, name: str, version: int, started: float) -> Outcome:
    handle = delta.open_existing(lake, name)
    then = _as_of(handle, name, version)
    before, now = {}, {}
    if name.startswith("bronze."):
        before, now = _sources(then), _sources(_readable(handle, then))
    sources = before | now
    # Of partitions it is noted also which topic they are of.
    moved = _moved(handle, then, [*sources, *map(topic_identity, sources)])
    gone = [source for each, source in sorted(now.items()) if each in moved or each not in before]
    held = {each: delta.consumed(then, each) for each in [*moved, *_inputs(name)]}
    watermark = {each: delta.FORGOTTEN if at is None else at for each, at in held.items()}
    metrics = {**last_metrics(handle, version), "restored": version}
    properties = delta.with_rebuild_marker(handle, delta.commit_properties(watermark, metrics))
    now_held = datetime.now(UTC).replace(microsecond=0)
    properties = CommitProperties(
        custom_metadata=properties.custom_metadata,
        app_transactions=[*(properties.app_transactions or []), holds.hold_transaction(now_held)],
        max_commit_retries=0,
    )
    if version == handle.version():
        delta.commit(handle, [], properties, next_version=True)
    else:
        handle.restore(
            version,
            protocol_downgrade_allowed=True,
            commit_properties=signed(properties, handle),
            post_commithook_properties=delta.NO_CLEANUP,
        )
        handle.update_incremental()
    return Outcome(
        table=name,
        version=handle.version(),
        rows=delta.rows(handle),
        changed=True,
        gone=tuple(gone),
        held=now_held.isoformat(),
        seconds=perf_counter() - started,
    )


def _check_restorable(name: str) -> None:
    if name.startswith("quarantine."):
        message = f"{name}: goes with its silver table, and cannot be put back alone; restore that"
        raise NoVersionError(message)


def release_table(lake: str, table: str) -> Released:
    """Release a table that a restore holds, so that the next refresh brings it up to date.

    Raises:
        UnknownTableError: the lake has no such table.
        TableError: the table is hurt, or may not be written (see `delta.check_writable`).
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    name = resolve_table(lake, table)
    handle = delta.open_existing(lake, name)
    if since := holds.held_since(handle):
        delta.check_writable(handle)
        done = maintenance_properties(handle, f"released; held since {since:%Y-%m-%d %H:%M} UTC")
        properties = CommitProperties(
            done.custom_metadata, app_transactions=[holds.release_transaction()]
        )
        delta.commit(handle, [], properties, next_version=True)
    return Released(name, since, handle.version())


def _as_of(handle: DeltaTable, name: str, version: int) -> DeltaTable:
    newest = handle.version()
    # The newest is restored where others have made it: so it becomes ours as it is.
    if not 0 <= version < newest + bool(foreign_commit(handle)):
        message = f"{name}: there is no version {version} to go back to; the newest is {newest}"
        raise NoVersionError(message)
    try:
        then = delta.as_of(handle, version)
    except DeltaError as error:
        message = f"{name}: its log does not know version {version} any more"
        raise NoVersionError(message) from error
    protocol.check_writable(then)
    table = tables().get(name)
    if table and read_contract(then) and not is_current(then, table.contract):
        message = (
            f"{name}: version {version} was made under another contract; restore it with the code "
            f"of then, or refresh, which makes the table of what bronze holds"
        )
        raise NoVersionError(message)
    old = data_files.files(then).join(data_files.files(handle), on="path", how="anti")
    if gone := [uri for uri in data_files.paths(then, old["path"]) if not filesystem.exists(uri)]:
        message = f"{name}: upkeep has deleted {len(gone)} files of version {version}; take a later"
        raise NoVersionError(message)
    return then


def _readable(handle: DeltaTable, then: DeltaTable) -> DeltaTable:
    """Return the newest version whose rows can be read, back to an earlier one."""
    for version in range(handle.version(), then.version(), -1):
        one = handle if version == handle.version() else delta.as_of(handle, version)
        with suppress(UnsupportedFeatureError):
            protocol.check_readable(one)
            return one
    return then


def _inputs(name: str) -> list[str]:
    """Return what a silver or gold table has consumed, by the names of its transactions."""
    table = tables().get(name)
    if table is None:
        return []
    quarantine = [delta.quarantine_name(table.source)] if table.source else []
    return [*table.input_names, *map(table_identity, table.input_names), *quarantine, CODE_VERSION]


def _moved(handle: DeltaTable, then: DeltaTable, names: Iterable[str]) -> set[str]:
    return {name for name in names if delta.consumed(handle, name) != delta.consumed(then, name)}


_TRANSACTION = r"^(file/[0-9a-f]+|kafka/[^/]+/[0-9]+)"
_TOPIC_ID = r"^(kafka/[^/]+/[0-9]+)/.*"


def _sources(handle: DeltaTable) -> dict[str, str]:
    """Return where a table's records came from: by transaction, the file or the topic partition."""
    source = pl.col("_source")
    # Distinct in a step of its own: its order would differ from one expression to the next.
    distinct = delta.scan(handle).select(source).unique()
    found = distinct.select(
        source.str.extract(_TRANSACTION).fill_null(source).alias("transaction"),
        source.str.replace(r"^file/[0-9a-f]+/", "").str.replace(_TOPIC_ID, "$1"),
    )
    return dict(found.collect(engine="streaming").iter_rows())
