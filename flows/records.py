"""Records into a silver table: typed, sifted by the contract, the latest version of each key.

Two tables are written, and two commits are not atomic together: progress is the silver commit
alone. The quarantine is written first and counts its generations; the silver commit names the
generation that belongs to it. Where the two do not match, a process died in between, and all
records are decided on again, by the code of that day: each ends in exactly one place.
"""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

import polars as pl
from deltalake import DeltaTable
from polars.exceptions import ShapeError

from contracts.check import ContractBrokenError
from flows import delta
from flows.due import due
from flows.outcome import ConservationError, Outcome
from flows.standing import standing
from transforms.graph import Table
from transforms.latest import latest
from transforms.sift import sift, warnings


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
    quarantine = delta.open_quarantine(lake, source)
    silver = delta.open_table(lake, table.contract)
    bronze = delta.open_table(lake, source)
    (name,) = table.input_names
    todo = due(table, silver, {name: bronze}, rebuild=rebuild)
    anew = todo.anew or ("" if in_step(table, silver, quarantine) else DIED)
    if todo.nothing and not anew:
        return _outcome(table, silver, started)
    new = None if anew else delta.appended_since(bronze, todo.since[name])
    if new is None:
        raw, read, known = delta.scan(bronze), delta.rows(bronze), None
        anew = anew or f"the log of {name} does not tell what came since"
    else:
        (raw, read), known = new, silver
    fate = _decide(raw, read, known, table)
    consumed = _quarantine(table, quarantine, fate, todo.consumed, anew=known is None)
    _write(table, silver, quarantine, fate, consumed, anew=known is None)
    return replace(_outcome(table, silver, started, fate), anew=anew)


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
    name, read = source.promise().table, delta.rows(quarantine)
    since = silver.transaction_version(name)
    if since is None or not in_step(table, silver, quarantine):
        return refresh_records(lake, table)
    waiting = delta.scan(quarantine).collect()
    fate = _decide(waiting.lazy().drop("_broken_rules"), read, silver, table)
    if fate.broken.select(waiting.columns).equals(waiting):
        return _outcome(table, silver, started)
    # The watermark stays, but to name it makes this commit conflict with a refresh's.
    consumed = _quarantine(table, quarantine, fate, {name: since}, anew=True)
    _write(table, silver, quarantine, fate, consumed, anew=False)
    return _outcome(table, silver, started, fate)


DIED = "a refresh died amid it"
"""Why a table is made anew whose quarantine does not belong to it."""


def in_step(table: Table, silver: DeltaTable, quarantine: DeltaTable) -> bool:
    """Tell whether the quarantine is of the generation that the silver table belongs to."""
    (source,) = table.inputs.values()
    mine = silver.transaction_version(delta.quarantine_name(source))
    return mine == quarantine.transaction_version(table.name)


class _Fate(NamedTuple):
    """What becomes of some records, before anything is written."""

    read: int
    """How many they are, by the log of the table that they come from."""
    accepted: pl.DataFrame
    superseded: int
    broken: pl.DataFrame
    over: pl.DataFrame
    """The stored rows that the accepted ones take the place of, and where they lie."""

    def figures(self) -> dict[str, Any]:
        """Return the figures that must add up: read = accepted + superseded + quarantined."""
        return {
            "read": self.read,
            "accepted": len(self.accepted),
            "superseded": self.superseded,
            "quarantined": len(self.broken),
        }


def _quarantine(
    table: Table,
    quarantine: DeltaTable,
    fate: _Fate,
    consumed: Mapping[str, int],
    *,
    anew: bool,
) -> dict[str, int]:
    """Write the broken records as the next generation; return the watermark with that."""
    (source,) = table.inputs.values()
    generation = (quarantine.transaction_version(table.name) or 0) + 1
    write = delta.replace if anew else delta.append
    write(
        quarantine,
        fate.broken,
        delta.carrying({**consumed, table.name: generation}, fate.figures()),
    )
    return {**consumed, delta.quarantine_name(source): generation}


def _decide(raw: pl.LazyFrame, read: int, known: DeltaTable | None, table: Table) -> _Fate:
    """Part the records into accepted, superseded and broken; known rows compete for their keys."""
    key = list(table.contract.promise().key)
    sifted = sift(raw, table.function, table.contract)
    try:
        kept, broken = pl.collect_all(sifted, engine="streaming")
    except ShapeError as error:
        message = f"{table.name}: its function must give one row per record, in the same order"
        raise ContractBrokenError(message) from error
    if read != len(kept) + len(broken):
        message = (
            f"{table.name}: the log of its source has {read} records, but {len(kept)} were kept "
            f"and {len(broken)} broken; nothing was written"
        )
        raise ConservationError(message)
    rivals = _rivals(known, kept.select(key)) if known else kept.clear()
    accepted = _newest(kept, rivals, key)
    over = rivals.join(accepted, on=key, how="semi")
    return _Fate(read, accepted, len(kept) - len(accepted), broken, over)


def _rivals(known: DeltaTable, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that a silver table has for some keys, and `_file`: where each lies."""
    return delta.matching(known, keys).drop("_version").collect(engine="streaming")


def _newest(kept: pl.DataFrame, rivals: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Return the records that are the latest version of their key."""
    if rivals.is_empty() and kept.select(pl.struct(key).hash()).to_series().n_unique() == len(kept):
        return kept
    # Between equals the known row wins (true sorts last), so that a repeat changes nothing.
    versions = pl.concat(
        [
            rivals.select(*kept.columns, _known=pl.lit(value=True)),
            kept.with_columns(_known=pl.lit(value=False)),
        ]
    )
    newest = latest(versions.lazy(), key)
    return newest.filter(~pl.col("_known")).drop("_known").collect()


def _write(  # noqa: PLR0913 - all that was decided
    table: Table,
    silver: DeltaTable,
    quarantine: DeltaTable,
    fate: _Fate,
    consumed: Mapping[str, int],
    *,
    anew: bool,
) -> None:
    promise = table.contract.promise()
    standing = {
        "in_quarantine": delta.rows(quarantine),
        "broken_rules": broken_rules(quarantine),
        "warnings": _warnings(table, fate, None if anew else silver),
    }
    carried = delta.carrying(consumed, {**fate.figures(), **standing})
    if anew:
        expected = len(fate.accepted)
        written = delta.rebuild(silver, fate.accepted.sort(promise.sort_by), carried)
    else:
        expected = delta.rows(silver) + len(fate.accepted) - len(fate.over)
        written = delta.put(
            silver, fate.accepted, fate.over, promise.key, carried, followed=table.followed
        )
    if written != expected:
        message = (
            f"{table.name}: should have {expected} rows now, but has {written}; "
            f"`keystone refresh --rebuild` makes the table anew"
        )
        raise ConservationError(message)


def _warnings(table: Table, fate: _Fate, before: DeltaTable | None) -> dict[str, int]:
    """Count the rows by the warning that they will give, from what comes and what goes."""
    asked = warnings(table.contract)
    known = delta.last_figures(before)["warnings"] if before else {}
    comes, goes = (rows.select(**asked) for rows in (fate.accepted, fate.over))
    return {name: known.get(name, 0) + comes[name].item() - goes[name].item() for name in asked}


def _outcome(
    table: Table, silver: DeltaTable, started: float, fate: _Fate | None = None
) -> Outcome:
    done = {"written": len(fate.accepted), **fate.figures()} if fate else {}
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
