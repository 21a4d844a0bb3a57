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
from flows.delta.contract_metadata import made_under
from flows.delta.damage import names_damage
from flows.delta.data_files import Written
from flows.delta.holds import held_since
from flows.delta.merge import upsert
from flows.delta.outcome import Outcome
from flows.refresh import chunks
from flows.refresh.change_detection import due
from flows.refresh.deduplicate import Fate, decide_all, decide_some
from flows.refresh.standing import standing
from transforms.graph import Table


@names_damage
def refresh_records(lake: str, table: Table, *, rebuild: bool = False) -> Outcome:
    """Bring a silver table up to its bronze table: what came since, or all with `rebuild`.

    Raises:
        ConservationError: the figures do not add up.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started = perf_counter()
    (source,) = table.inputs.values()
    # The quarantine first: who finds old progress in silver must hold an old quarantine handle,
    # or a late writer could replace newer quarantine rows before its silver commit fails.
    quarantine = delta.open_quarantine(lake, source, rebuild=rebuild)
    silver = delta.open_table(lake, table.contract, rebuild=rebuild)
    if held_since(silver):
        return _outcome(table, silver, started)
    bronze = delta.open_table(lake, source)
    (name,) = table.input_names
    todo = due(table, silver, {name: bronze}, rebuild=rebuild)
    anew = todo.anew or ("" if in_step(table, silver, quarantine) else DIED)
    if todo.nothing and not anew:
        return _outcome(table, silver, started)
    new = None if anew else delta.appended_since(bronze, todo.since[name])
    if new and new[1] <= chunks.PART // _HEAVY:
        fate = decide_some(*new, silver, table)
    else:
        anew = anew or _why(name, new)
        fate = decide_all(delta.scan(bronze), delta.rows(bronze), silver, table)
    consumed = _quarantine(table, quarantine, fate, todo.consumed, anew=bool(anew))
    _write(table, silver, quarantine, fate, consumed)
    return replace(_outcome(table, silver, started, fate), anew=anew)


@names_damage
def replay_records(lake: str, table: Table) -> Outcome:
    """Put the quarantined records of a table through the code as it is now.

    Those that pass move to silver, the others stay with the rules that they break today.

    Raises:
        ConservationError: the figures do not add up.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started = perf_counter()
    (source,) = table.inputs.values()
    quarantine = delta.open_quarantine(lake, source)
    silver = delta.open_table(lake, table.contract)
    if held_since(silver):
        return _outcome(table, silver, started)
    name, read = source.promise().table, delta.rows(quarantine)
    since, same = delta.consumed(silver, name), made_under(silver, table.contract)
    if since is None or not same or not in_step(table, silver, quarantine):
        return refresh_records(lake, table)
    waiting = delta.scan(quarantine).collect()
    fate = decide_some(waiting.lazy().drop("_broken_rules"), read, silver, table)
    if fate.broken.select(waiting.columns).equals(waiting):
        return _outcome(table, silver, started)
    # The watermark stays, but to name it makes this commit conflict with a refresh's.
    consumed = _quarantine(table, quarantine, fate, {name: since}, anew=True)
    _write(table, silver, quarantine, fate, consumed)
    return _outcome(table, silver, started, fate)


_HEAVY = 4
"""How many times the memory of a row in its part a record takes, beside the stored one."""


def _why(name: str, new: tuple[pl.LazyFrame, int] | None) -> str:
    if new:
        return f"{new[1]:,} records came since: too many to hold at once"
    return f"the log of {name} does not tell what came since"


DIED = "it and its quarantine are not of one refresh"
"""Why a table is made anew whose quarantine does not belong to it."""


def in_step(table: Table, silver: DeltaTable, quarantine: DeltaTable) -> bool:
    """Tell whether the quarantine is of the generation that the silver table belongs to."""
    (source,) = table.inputs.values()
    generation = delta.quarantine_name(source)
    # The quarantine counts for itself: another table, or this one by a former name, may write it.
    return silver.transaction_version(generation) == quarantine.transaction_version(generation)


def _quarantine(
    table: Table,
    quarantine: DeltaTable,
    fate: Fate,
    consumed: Mapping[str, int],
    *,
    anew: bool,
) -> dict[str, int]:
    """Write the broken records as the next generation; return the watermark with that."""
    (source,) = table.inputs.values()
    name = delta.quarantine_name(source)
    generation = (quarantine.transaction_version(name) or 0) + 1
    both = {**consumed, name: generation}
    write = delta.replace if anew else delta.append
    write(quarantine, fate.broken, delta.carrying(both, fate.figures()))
    return both


def _write(
    table: Table,
    silver: DeltaTable,
    quarantine: DeltaTable,
    fate: Fate,
    consumed: Mapping[str, int],
) -> None:
    standing_figures = {
        "in_quarantine": delta.rows(quarantine),
        "broken_rules": broken_rules(quarantine),
        "warnings": fate.warnings,
    }
    carried = delta.carrying(consumed, {**fate.figures(), **standing_figures})
    if isinstance(fate.accepted, Written):
        delta.rebuild(silver, fate.accepted, carried, table.contract)
    else:
        upsert(table, silver, fate.accepted, fate.over, carried)


def _outcome(table: Table, silver: DeltaTable, started: float, fate: Fate | None = None) -> Outcome:
    done = {"written": fate.rows, **fate.figures()} if fate else {}
    return replace(
        standing(table, silver), changed=bool(fate), seconds=perf_counter() - started, **done
    )


def broken_rules(quarantine: DeltaTable) -> dict[str, int]:
    """Count the rows in quarantine by the rule that they break, most frequent first."""
    counted = (
        delta.scan(quarantine)
        .select(rule=pl.col("_broken_rules").explode())
        .group_by("rule")
        .len()
        .sort("len", "rule", descending=[True, False])
        .collect()
    )
    return dict(counted.iter_rows())
