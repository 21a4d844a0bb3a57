"""Refresh of silver tables from records: typed, validated, with the latest version of each key.

A refresh writes silver and quarantine, and two commits are not atomic together: the silver commit
alone is progress. The quarantine is written first and counts its generations; the silver commit
carries the generation that belongs to it. If the two differ, a process died between the commits.
All records are then resolved again, by the current code, so that each ends in exactly one table.
"""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable

from contracts.technical_columns import stored_schema
from flows import delta
from flows.config.settings import Settings
from flows.delta.commit_log import last_metrics
from flows.delta.contract_metadata import is_current
from flows.delta.damage import translates_damage
from flows.delta.data_files import Written
from flows.delta.holds import held_since
from flows.delta.merge import merge_rows
from flows.delta.outcome import Outcome
from flows.delta.quarantine import broken_rules, count_rules
from flows.delta.same_rows import has_same_rows, keep_rows
from flows.delta.thresholds import VALIDATED
from flows.refresh.change_detection import detect_changes, unchanged_outcome
from flows.refresh.deduplicate import BatchResult, resolve_all, resolve_batch
from transforms.graph import Table
from transforms.validation import is_delete


@translates_damage
def refresh_source_table(
    lake: str, table: Table, *, rebuild: bool = False, fail_above: float | None = None
) -> Outcome:
    """Bring a silver table up to date with its bronze table.

    Args:
        lake: location of the tables.
        table: the table.
        rebuild: whether to read all records.
        fail_above: the share in quarantine above which tables downstream do not consume the run.

    Raises:
        ConservationError: the metrics do not add up.
        deltalake.exceptions.CommitFailedError: another writer committed first; try again.
    """
    started, chunk_rows = perf_counter(), Settings().chunk_rows
    (source,) = table.inputs.values()
    # Open the quarantine first. Otherwise a slow writer with an old silver handle and a new
    # quarantine handle could replace newer quarantine rows before its silver commit fails.
    quarantine = delta.open_quarantine(lake, source, rebuild=rebuild)
    silver = delta.open_table(lake, table.contract, rebuild=rebuild)
    if held_since(silver):
        return _outcome(table, silver, started)
    bronze = delta.open_table(lake, source)
    (name,) = table.input_names
    pending = detect_changes(table, silver, {name: bronze}, rebuild=rebuild)
    reason = pending.full_refresh_reason or (
        "" if is_same_generation(table, silver, quarantine) else OUT_OF_STEP
    )
    if pending.is_empty and not reason:
        return _outcome(table, silver, started)
    new = None if reason else delta.appended_since(bronze, pending.watermarks[name])
    if new and new[1] <= chunk_rows // _MEMORY_FACTOR:
        earlier = _consumed_deletes(table, silver, bronze, quarantine, new[0])
        result = resolve_batch(*new, silver, table, earlier)
    else:
        reason = reason or _full_refresh_reason(name, new)
        result = resolve_all(delta.scan(bronze), delta.rows(bronze), silver, table, chunk_rows)
    consumed = _write_quarantine(
        table, quarantine, result, pending.consumed, full_refresh=bool(reason)
    )
    validated = _validated(silver, result, fail_above)
    properties = _silver_properties(quarantine, result, consumed, validated)
    written = _write_silver(table, silver, result, properties, always=pending.is_requested)
    outcome = _outcome(table, silver, started, result)
    return replace(outcome, written=written, full_refresh_reason=reason)


@translates_damage
def replay_quarantine(lake: str, table: Table) -> Outcome:
    """Validate the quarantined records of a table again with the current code.

    Valid records move to silver; the others stay, with the rules that they break now.

    Raises:
        ConservationError: the metrics do not add up.
        deltalake.exceptions.CommitFailedError: another writer committed first; try again.
    """
    started = perf_counter()
    (source,) = table.inputs.values()
    quarantine = delta.open_quarantine(lake, source)
    silver = delta.open_table(lake, table.contract)
    if held_since(silver):
        return _outcome(table, silver, started)
    name, read = source.spec().table, delta.rows(quarantine)
    watermark, current = delta.consumed(silver, name), is_current(silver, table.contract)
    if watermark is None or not current or not is_same_generation(table, silver, quarantine):
        return refresh_source_table(lake, table)
    waiting = delta.scan(quarantine).collect()
    bronze = delta.open_table(lake, source)
    earlier = _consumed_deletes(table, silver, bronze, quarantine)
    result = resolve_batch(waiting.lazy().drop("_broken_rules"), read, silver, table, earlier)
    if result.quarantined.select(waiting.columns).equals(waiting):
        return _outcome(table, silver, started)
    # The watermark stays, but naming it makes this commit conflict with that of a refresh.
    consumed = _write_quarantine(table, quarantine, result, {name: watermark}, full_refresh=True)
    # A replay validates what a rebuild would reject, so its shares are those of all records.
    of_all = {"records": delta.rows(delta.as_of(bronze, watermark)), "warnings": result.warnings}
    validated = {**_validated(silver, result), **of_all}
    properties = _silver_properties(quarantine, result, consumed, validated)
    _write_silver(table, silver, result, properties)
    return _outcome(table, silver, started, result)


def _consumed_deletes(
    table: Table,
    silver: DeltaTable,
    bronze: DeltaTable,
    quarantine: DeltaTable,
    new: pl.LazyFrame | None = None,
) -> pl.LazyFrame | None:
    """Return the raw deletes that a silver table has consumed, or None if there are none.

    Args:
        table: the table.
        silver: a handle on it.
        bronze: a handle on its source.
        quarantine: a handle on its quarantine, whose records have no effect until a replay.
        new: the records of bronze that the table has not consumed.
    """
    if not last_metrics(silver).get("deletes"):
        return None
    (source,) = table.inputs.values()
    columns = stored_schema(source).names()
    others = [delta.scan(quarantine), *([] if new is None else [new])]
    return (
        delta.scan(bronze)
        .filter(is_delete())
        .select(columns)
        .join(
            pl.concat([other.filter(is_delete()).select(columns) for other in others]),
            on=columns,
            how="anti",
            nulls_equal=True,
        )
    )


_MEMORY_FACTOR = 4
"""The memory of a record in a batch (raw, typed, stored, merged) per that of a row in a chunk."""


def _full_refresh_reason(name: str, new: tuple[pl.LazyFrame, int] | None) -> str:
    if new:
        return f"{new[1]:,} new records do not fit into memory at once"
    return f"the log of {name} does not show which records are new"


OUT_OF_STEP = "quarantine is of another refresh: one was interrupted, or the table was restored"
"""The reason for a full refresh after a process died between the commits of the two tables."""


def is_same_generation(table: Table, silver: DeltaTable, quarantine: DeltaTable) -> bool:
    """Return whether the quarantine has the generation that the silver table carries."""
    (source,) = table.inputs.values()
    generation = delta.quarantine_name(source)
    # The quarantine has a counter of its own because a table of another name may have written it.
    return silver.transaction_version(generation) == quarantine.transaction_version(generation)


def _write_quarantine(
    table: Table,
    quarantine: DeltaTable,
    result: BatchResult,
    consumed: Mapping[str, int],
    *,
    full_refresh: bool,
) -> dict[str, int]:
    """Write the quarantined records as the next generation; return the transactions with it."""
    (source,) = table.inputs.values()
    name = delta.quarantine_name(source)
    generation = (quarantine.transaction_version(name) or 0) + 1
    transactions = {**consumed, name: generation}
    write = delta.replace if full_refresh else delta.append
    properties = delta.commit_properties(transactions, result.metrics())
    write(quarantine, result.quarantined, properties)
    return transactions


def _validated(
    silver: DeltaTable, result: BatchResult, fail_above: float | None = None
) -> dict[str, Any]:
    """Count what a run validated; if it read no records, return the counts of the run before."""
    if not result.read:
        return dict(last_metrics(silver).get(VALIDATED, {}))
    return {
        "version": silver.version() + 1,
        "records": result.read,
        "quarantined": len(result.quarantined),
        "broken_rules": count_rules(result.quarantined.lazy()),
        "warnings": {name: count for name, count in result.new_warnings.items() if count},
        **({} if fail_above is None else {"fail_above": fail_above}),
    }


def _silver_properties(
    quarantine: DeltaTable,
    result: BatchResult,
    consumed: Mapping[str, int],
    validated: Mapping[str, Any],
) -> CommitProperties:
    state_metrics = {
        "in_quarantine": delta.rows(quarantine),
        "broken_rules": broken_rules(quarantine),
        "warnings": result.warnings,
        **({VALIDATED: validated} if validated else {}),
        # Tables that never had a delete show none.
        **({"deletes": result.deletes} if result.deletes else {}),
    }
    return delta.commit_properties(consumed, {**result.metrics(), **state_metrics})


def _write_silver(
    table: Table,
    silver: DeltaTable,
    result: BatchResult,
    properties: CommitProperties,
    *,
    always: bool = False,
) -> int:
    """Commit the accepted rows; return how many were written.

    Args:
        table: the table.
        silver: the handle that its watermark was read from.
        result: the resolved records.
        properties: the watermark and metrics of the commit.
        always: whether a full refresh writes its rows even if the table has the same ones.
    """
    if not isinstance(result.accepted, Written):
        merge_rows(table, silver, result.accepted, result.replaced_rows, properties)
    elif not always and has_same_rows(silver, result.accepted):
        keep_rows(silver, result.accepted, properties, table.contract)
        return 0
    else:
        delta.rebuild(silver, result.accepted, properties, table.contract)
    return result.rows


def _outcome(
    table: Table, silver: DeltaTable, started: float, result: BatchResult | None = None
) -> Outcome:
    metrics = {"written": result.rows, **result.metrics()} if result else {}
    return replace(
        unchanged_outcome(table, silver),
        changed=bool(result),
        seconds=perf_counter() - started,
        **metrics,
    )
