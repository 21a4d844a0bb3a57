"""Records into a silver table: typed, sifted by the contract, the latest version of each key.

Two tables are written, and two commits are not atomic together: progress is the silver commit
alone. The quarantine is written first and counts its generations; the silver commit names the
generation that belongs to it. Where the two do not match, a process died in between, and all
records are decided on again, by the code of that day: each ends in exactly one place.
"""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter

import polars as pl
from deltalake import DeltaTable

from flows import delta
from flows.config.settings import Settings
from flows.delta.contract_metadata import is_current
from flows.delta.damage import translates_damage
from flows.delta.data_files import Written
from flows.delta.holds import held_since
from flows.delta.merge import merge_rows
from flows.delta.outcome import Outcome
from flows.delta.quarantine import broken_rules
from flows.refresh.change_detection import detect_changes, unchanged_outcome
from flows.refresh.deduplicate import BatchResult, resolve_all, resolve_batch
from transforms.graph import Table


@translates_damage
def refresh_source_table(lake: str, table: Table, *, rebuild: bool = False) -> Outcome:
    """Bring a silver table up to its bronze table: what came since, or all with `rebuild`.

    Raises:
        ConservationError: the metrics do not add up.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started, chunk_rows = perf_counter(), Settings().chunk_rows
    (source,) = table.inputs.values()
    # The quarantine first: who finds old progress in silver must hold an old quarantine handle,
    # or a late writer could replace newer quarantine rows before its silver commit fails.
    quarantine = delta.open_quarantine(lake, source, rebuild=rebuild)
    silver = delta.open_table(lake, table.contract, rebuild=rebuild)
    if held_since(silver):
        return _outcome(table, silver, started)
    bronze = delta.open_table(lake, source)
    (name,) = table.input_names
    todo = detect_changes(table, silver, {name: bronze}, rebuild=rebuild)
    reason = todo.full_refresh_reason or (
        "" if is_same_generation(table, silver, quarantine) else OUT_OF_STEP
    )
    if todo.nothing and not reason:
        return _outcome(table, silver, started)
    new = None if reason else delta.appended_since(bronze, todo.since[name])
    if new and new[1] <= chunk_rows // _HEAVY:
        fate = resolve_batch(*new, silver, table)
    else:
        reason = reason or _why(name, new)
        fate = resolve_all(delta.scan(bronze), delta.rows(bronze), silver, table, chunk_rows)
    consumed = _quarantine(table, quarantine, fate, todo.consumed, full_refresh=bool(reason))
    _write(table, silver, quarantine, fate, consumed)
    return replace(_outcome(table, silver, started, fate), full_refresh_reason=reason)


@translates_damage
def replay_quarantine(lake: str, table: Table) -> Outcome:
    """Put the quarantined records of a table through the code as it is now.

    Those that pass move to silver, the others stay with the rules that they break today.

    Raises:
        ConservationError: the metrics do not add up.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started = perf_counter()
    (source,) = table.inputs.values()
    quarantine = delta.open_quarantine(lake, source)
    silver = delta.open_table(lake, table.contract)
    if held_since(silver):
        return _outcome(table, silver, started)
    name, read = source.spec().table, delta.rows(quarantine)
    since, same = delta.consumed(silver, name), is_current(silver, table.contract)
    if since is None or not same or not is_same_generation(table, silver, quarantine):
        return refresh_source_table(lake, table)
    waiting = delta.scan(quarantine).collect()
    fate = resolve_batch(waiting.lazy().drop("_broken_rules"), read, silver, table)
    if fate.broken.select(waiting.columns).equals(waiting):
        return _outcome(table, silver, started)
    # The watermark stays, but to name it makes this commit conflict with a refresh's.
    consumed = _quarantine(table, quarantine, fate, {name: since}, full_refresh=True)
    _write(table, silver, quarantine, fate, consumed)
    return _outcome(table, silver, started, fate)


_HEAVY = 4
"""How many times the memory of a row in its part a record takes, beside the stored one."""


def _why(name: str, new: tuple[pl.LazyFrame, int] | None) -> str:
    if new:
        return f"{new[1]:,} records came since: too many to hold at once"
    return f"the log of {name} does not tell what came since"


OUT_OF_STEP = "it and its quarantine are not of one refresh"
"""Why a table is made reason whose quarantine does not belong to it."""


def is_same_generation(table: Table, silver: DeltaTable, quarantine: DeltaTable) -> bool:
    """Tell whether the quarantine is of the generation that the silver table belongs to."""
    (source,) = table.inputs.values()
    generation = delta.quarantine_name(source)
    # The quarantine counts for itself: another table, or this one by a former name, may write it.
    return silver.transaction_version(generation) == quarantine.transaction_version(generation)


def _quarantine(
    table: Table,
    quarantine: DeltaTable,
    fate: BatchResult,
    consumed: Mapping[str, int],
    *,
    full_refresh: bool,
) -> dict[str, int]:
    """Write the broken records as the next generation; return the watermark with that."""
    (source,) = table.inputs.values()
    name = delta.quarantine_name(source)
    generation = (quarantine.transaction_version(name) or 0) + 1
    both = {**consumed, name: generation}
    write = delta.replace if full_refresh else delta.append
    write(quarantine, fate.broken, delta.commit_properties(both, fate.metrics()))
    return both


def _write(
    table: Table,
    silver: DeltaTable,
    quarantine: DeltaTable,
    fate: BatchResult,
    consumed: Mapping[str, int],
) -> None:
    state_metrics = {
        "in_quarantine": delta.rows(quarantine),
        "broken_rules": broken_rules(quarantine),
        "warnings": fate.warnings,
    }
    properties = delta.commit_properties(consumed, {**fate.metrics(), **state_metrics})
    if isinstance(fate.accepted, Written):
        delta.rebuild(silver, fate.accepted, properties, table.contract)
    else:
        merge_rows(table, silver, fate.accepted, fate.over, properties)


def _outcome(
    table: Table, silver: DeltaTable, started: float, fate: BatchResult | None = None
) -> Outcome:
    done = {"written": fate.rows, **fate.metrics()} if fate else {}
    return replace(
        unchanged_outcome(table, silver),
        changed=bool(fate),
        seconds=perf_counter() - started,
        **done,
    )
