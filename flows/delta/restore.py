"""A restore: put a table back to an earlier version, with the watermark of that version.

A restore is a commit like any other. It carries what that version had consumed, so that later
inputs count as not consumed: the next refresh continues from there, the next drain reads the
messages again, and a file whose records were removed may be ingested again. It also holds the
table: nothing is written to it until it is released, or the next refresh would undo the restore.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter

import polars as pl
from deltalake import CommitProperties, DeltaTable

from flows import delta
from flows.delta import holds, protocol
from flows.delta.commit_log import last_metrics, maintenance_properties
from flows.delta.contract_metadata import is_current, read_contract
from flows.delta.damage import translate_damage
from flows.delta.foreign_commits import find_foreign_commit, with_commit_id
from flows.delta.holds import Released
from flows.delta.outcome import Outcome
from flows.delta.protocol import UnsupportedFeatureError
from flows.delta.provenance import made_by
from flows.delta.table_names import resolve_table
from flows.delta.transactions import CODE_VERSION, table_columns, table_identity, topic_identity
from flows.delta.versions import NoVersionError, check_files, open_logged
from transforms.graph import tables


def check_restore(lake: str, table: str, version: int) -> str:
    """Return the name of a table that can be put back to a version; raises as `restore_table`."""
    name = resolve_table(lake, table)
    _check_restorable(name)
    _open_target(delta.open_existing(lake, name), name, version)
    return name


def restore_table(lake: str, table: str, version: int) -> Outcome:
    """Put a bronze, silver or gold table back to an earlier version, and hold it.

    This also restores the Delta protocol. If a foreign commit made the newest version, that can
    be restored too: then the table keeps the foreign change, and its readers read all rows again.

    Raises:
        TableError: the table is damaged, or its version uses features that Keystone does not
            write.
        NoVersionError: the table has no such version, its files have been deleted, or it was
            written under another contract, so that no downstream table could read it.
        UnknownTableError: the lake has no such table.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started, name = perf_counter(), resolve_table(lake, table)
    _check_restorable(name)
    with translate_damage(lake, [name]), made_by("restore"):
        return _restore(lake, name, version, started)


def _restore(lake: str, name: str, version: int, started: float) -> Outcome:
    handle = delta.open_existing(lake, name)
    target = _open_target(handle, name, version)
    target_sources, sources = {}, {}
    if name.startswith("bronze."):
        target_sources, sources = _sources(target), _sources(_newest_readable(handle, target))
    all_sources = target_sources | sources
    # The watermark also records the id of each partition's topic.
    moved = _moved(handle, target, [*all_sources, *map(topic_identity, all_sources)])
    removed_sources = [
        source
        for transaction, source in sorted(sources.items())
        if transaction in moved or transaction not in target_sources
    ]
    consumed = {each: delta.consumed(target, each) for each in [*moved, *_inputs(name)]}
    watermark = {each: delta.FORGOTTEN if at is None else at for each, at in consumed.items()}
    metrics = {**last_metrics(handle, version), "restored": version}
    properties = delta.with_marker(
        handle, delta.commit_properties(watermark, metrics), delta.REBUILT
    )
    now = datetime.now(UTC).replace(microsecond=0)
    properties = CommitProperties(
        custom_metadata=properties.custom_metadata,
        app_transactions=[*(properties.app_transactions or []), holds.hold_transaction(now)],
        max_commit_retries=0,
    )
    if version == handle.version():
        delta.commit(handle, [], properties, next_version=True)
    else:
        handle.restore(
            version,
            protocol_downgrade_allowed=True,
            commit_properties=with_commit_id(properties, handle),
            post_commithook_properties=delta.NO_CLEANUP,
        )
        handle.update_incremental()
    return Outcome(
        table=name,
        version=handle.version(),
        rows=delta.rows(handle),
        changed=True,
        removed_sources=tuple(removed_sources),
        held_since=now.isoformat(),
        seconds=perf_counter() - started,
    )


def _check_restorable(name: str) -> None:
    if name.startswith("quarantine."):
        message = f"{name}: a quarantine cannot be restored alone; restore its silver table instead"
        raise NoVersionError(message)


def release_table(lake: str, table: str) -> Released:
    """Release a table that a restore holds, so that the next refresh brings it up to date.

    Raises:
        UnknownTableError: the lake has no such table.
        TableError: the table is damaged, or must not be written (see `delta.check_writable`).
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
        with made_by("release", timed=False):
            delta.commit(handle, [], properties, next_version=True)
    return Released(name, since, handle.version())


def _open_target(handle: DeltaTable, name: str, version: int) -> DeltaTable:
    newest = handle.version()
    # Restoring the newest version only makes sense to accept a foreign commit.
    if not 0 <= version < newest + bool(find_foreign_commit(handle)):
        message = f"{name}: there is no version {version} to restore; the newest is {newest}"
        raise NoVersionError(message)
    target = open_logged(handle, version)
    protocol.check_writable(target)
    table = tables().get(name)
    if table and read_contract(target) and not is_current(target, table.contract):
        message = (
            f"{name}: version {version} was written under another contract; restore it with the "
            f"code of that time, or let `keystone refresh` rebuild the table from bronze"
        )
        raise NoVersionError(message)
    check_files(handle, target)
    return target


def _newest_readable(handle: DeltaTable, oldest: DeltaTable) -> DeltaTable:
    """Return the newest version whose rows can be read, not older than `oldest`."""
    for version in range(handle.version(), oldest.version(), -1):
        candidate = handle if version == handle.version() else delta.as_of(handle, version)
        with suppress(UnsupportedFeatureError):
            protocol.check_readable(candidate)
            return candidate
    return oldest


def _inputs(name: str) -> list[str]:
    """Return the transactions that record what a silver or gold table has consumed."""
    table = tables().get(name)
    if table is None:
        return []
    quarantine = [delta.quarantine_name(table.records)] if table.records else []
    names = table.input_names
    recorded = [*map(table_identity, names), *map(table_columns, names), CODE_VERSION]
    return [*names, *recorded, *quarantine]


def _moved(handle: DeltaTable, target: DeltaTable, names: Iterable[str]) -> set[str]:
    return {name for name in names if delta.consumed(handle, name) != delta.consumed(target, name)}


_TRANSACTION = r"^(file/[0-9a-f]+|kafka/[^/]+/[0-9]+)"
_TOPIC_ID = r"^(kafka/[^/]+/[0-9]+)/.*"


def _sources(handle: DeltaTable) -> dict[str, str]:
    """Return the sources of a table's records: a file or a topic partition, by transaction."""
    source = pl.col("_source")
    # Distinct in a step of its own: its order would differ from one expression to the next.
    distinct = delta.scan(handle).select(source).unique()
    found = distinct.select(
        source.str.extract(_TRANSACTION).fill_null(source).alias("transaction"),
        source.str.replace(r"^file/[0-9a-f]+/", "").str.replace(_TOPIC_ID, "$1"),
    )
    return dict(found.collect(engine="streaming").iter_rows())
