"""Records into a silver table: typed, sifted by the contract, the latest version of each key.

Two tables are written, and two commits are not atomic together: progress is the silver commit
alone. What the quarantine holds of the records since then is replaced, so that a crash between
the two, and even other code after it, leaves every record in exactly one place.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any, NamedTuple

import polars as pl
from deltalake import DeltaTable
from pandera.errors import SchemaError
from polars.exceptions import ShapeError

from contracts.check import ContractBrokenError
from contracts.technical import stored
from flows import delta
from flows.outcome import ConservationError, Outcome
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
    name, version = source.promise().table, bronze.version()
    since = None if rebuild else silver.transaction_version(name)
    if since == version:
        return _outcome(table, silver, quarantine, started)
    raw, read = delta.appended_since(bronze, since)
    known = pl.LazyFrame(schema=stored(table.contract)) if since is None else delta.scan(silver)
    fate = _decide(raw, known, table)
    carried = delta.carrying({name: version}, figures := _account(table, read, fate))
    delta.replace(
        quarantine,
        fate.broken.with_columns(_bronze_version=pl.lit(version, pl.Int64)),
        carried,
        where=None if since is None else f"_bronze_version > {since}",
    )
    if since is None:
        written = delta.replace(silver, fate.accepted, carried)
    else:
        written = delta.upsert(silver, fate.accepted, table.contract.promise().key, carried)
    _prove(table, written, fate)
    return _outcome(table, silver, quarantine, started, figures)


def replay_records(lake: str, table: Table) -> Outcome:
    """Put the quarantined records of a table through the code as it is now.

    Those that pass move to silver, the others stay with the rules that they break today. Silver
    first: a crash in between leaves rows in both places, which the next replay puts right.

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
    if read == 0 or since is None:
        return _outcome(table, silver, quarantine, started)
    raw = delta.scan(quarantine).drop("_broken_rules")
    fate = _decide(raw, delta.scan(silver), table)
    # The watermark stays, but to name it makes this commit conflict with a refresh's.
    carried = delta.carrying({name: since}, figures := _account(table, read, fate))
    if len(fate.broken) < read:
        written = delta.upsert(silver, fate.accepted, table.contract.promise().key, carried)
        _prove(table, written, fate)
    delta.replace(quarantine, fate.broken, carried)
    return _outcome(table, silver, quarantine, started, figures)


class _Fate(NamedTuple):
    """What becomes of some records, before anything is written."""

    accepted: pl.DataFrame
    superseded: int
    broken: pl.DataFrame


def _decide(raw: pl.LazyFrame, known: pl.LazyFrame, table: Table) -> _Fate:
    """Part the records into accepted, superseded and broken; known rows compete for their keys."""
    key = table.contract.promise().key
    try:
        sifted = sift(raw, table.function, table.contract)
        kept, broken = pl.collect_all(sifted, engine="streaming")
    except SchemaError as error:
        reason = str(error).partition("\n")[0]
        message = f"{table.name} has not the columns that its contract promises: {reason}"
        raise ContractBrokenError(message) from error
    except ShapeError as error:
        message = f"{table.name}: its function must give one row per record, in the same order"
        raise ContractBrokenError(message) from error
    rivals = known.join(kept.lazy().select(key), on=key, how="semi").collect(engine="streaming")
    # Between equals the known row wins (true sorts last), so that a repeat changes nothing.
    versions = pl.concat(
        [
            rivals.with_columns(_known=pl.lit(value=True)),
            kept.with_columns(_known=pl.lit(value=False)),
        ]
    )
    accepted = latest(versions.lazy(), key).filter(~pl.col("_known")).drop("_known").collect()
    return _Fate(accepted, len(kept) - len(accepted), broken)


def _account(table: Table, read: int, fate: _Fate) -> dict[str, Any]:
    """Return the figures of the commit; `read` is what the log says, not what was decided on."""
    figures = {
        "read": read,
        "accepted": len(fate.accepted),
        "superseded": fate.superseded,
        "quarantined": len(fate.broken),
    }
    if read != figures["accepted"] + figures["superseded"] + figures["quarantined"]:
        message = f"{table.name}: the figures do not add up, so nothing was written: {figures}"
        raise ConservationError(message)
    return figures


def _prove(table: Table, written: int, fate: _Fate) -> None:
    if written != len(fate.accepted):
        message = (
            f"{table.name}: {len(fate.accepted)} rows were accepted, but {written} written; "
            f"`keystone refresh --rebuild` makes the table anew"
        )
        raise ConservationError(message)


def _outcome(
    table: Table,
    silver: DeltaTable,
    quarantine: DeltaTable,
    started: float,
    figures: Mapping[str, Any] | None = None,
) -> Outcome:
    return Outcome(
        table=table.name,
        version=silver.version(),
        rows=delta.rows(silver),
        changed=figures is not None,
        quarantine=delta.quarantine_name(*table.inputs.values()),
        in_quarantine=delta.rows(quarantine),
        broken_rules=broken_rules(quarantine),
        warnings=standing_warnings(silver, table),
        seconds=perf_counter() - started,
        **(figures or {}),
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


def standing_warnings(silver: DeltaTable, table: Table) -> dict[str, int]:
    """Count the rows of a silver table by the warning that they give."""
    if not (asked := warnings(table.contract)):
        return {}
    return delta.scan(silver).select(**asked).collect().row(0, named=True)
