"""Freshness: whether sources deliver in time, and whether tables read what was delivered."""

from datetime import datetime, timedelta
from itertools import accumulate

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows import delta
from flows.delta.holds import held_since
from flows.delta.table_names import upstream_tables
from flows.monitoring.deliveries import Batch
from flows.monitoring.gate import find_held_back
from flows.monitoring.promises import BrokenPromise, Evaluated, Handles, Logs, Verdict, reached
from transforms.graph import tables


def freshness(logs: Logs) -> Evaluated:
    """Evaluate `fresh` of each contract.

    A stale source is reported once, without the tables downstream of it. A table is late if it
    lacks records that were delivered longer ago than it promises, unless it is held back.
    """
    promised = {
        name: fresh
        for name, contract in logs.contracts.items()
        if (fresh := contract.spec().fresh) and name in logs.handles
    }
    sources = {name: fresh for name, fresh in promised.items() if name in logs.batches}
    stale = set[str]()
    for name, fresh in sources.items():
        newest = newest_record(logs.handles[name], logs.batches[name])
        if newest is None or logs.now - newest <= fresh:
            if newest:
                yield Verdict.KEPT
            continue
        stale.add(name)
        yield BrokenPromise(
            "freshness",
            name,
            newest + fresh,
            f"the newest record is {_age(logs.now - newest)} old, more than the "
            f"{_age(fresh)} promised",
            reached(name),
            f"it is held: `keystone release {name}`, then `keystone run`"
            if held_since(logs.handles[name])
            else "ask its source for the missing delivery, then `keystone run`",
        )
    delivered = {name: logs.batches[name] for name in sources if name not in stale}
    held_back = {name for each in find_held_back(logs.handles) for name in each.tables}
    for name, fresh in promised.items():
        if name not in sources and name not in held_back:
            yield _lateness(name, fresh, delivered, logs)


def newest_record(handle: DeltaTable, found: list[Batch]) -> datetime | None:
    """Return the event time of the newest record of a source, None if it is not known.

    If the source has records, but all batches in the log are files without any, its newest record
    is older than they are.
    """
    if times := [batch.newest for batch in found if batch.records]:
        return max(times)
    return min(batch.newest for batch in found) if found and delta.rows(handle) else None


def _lateness(
    name: str, fresh: timedelta, delivered: dict[str, list[Batch]], logs: Logs
) -> BrokenPromise | Verdict:
    seen = _consumed_by(logs.handles[name], name, logs.handles)
    missing = {
        source: oldest
        for source, found in delivered.items()
        if source in seen and (oldest := _oldest_after(found, seen[source]))
    }
    if not missing:
        return Verdict.KEPT
    source = min(missing, key=lambda each: missing[each])
    age = logs.now - missing[source]
    if age <= fresh:
        return Verdict.KEPT
    return BrokenPromise(
        "freshness",
        name,
        missing[source] + fresh,
        f"it lacks records of {source} that are {_age(age)} old, more than the "
        f"{_age(fresh)} promised",
        reached(name),
        "run `keystone refresh`; `keystone status` says whether the table is held",
    )


def _consumed_by(handle: DeltaTable, name: str, handles: Handles) -> dict[str, int]:
    """Return, by bronze table, up to which version a table has consumed it, through its inputs."""
    found = dict[str, int]()
    for read in tables()[name].input_names:
        version = delta.consumed(handle, read)
        for source, through in _seen_through(read, version, handles).items():
            found[source] = min(through, found.get(source, through))
    return found


def _seen_through(read: str, version: int | None, handles: Handles) -> dict[str, int]:
    """Return, by bronze table, what a reader of a table's version has seen of it."""
    if version is None or read not in handles:
        return {source: _NOTHING for source in {read, *upstream_tables(read)} if source in handles}
    if read not in tables():
        return {read: version}
    newest = handles[read]
    try:
        seen = newest if newest.version() == version else delta.as_of(newest, version)
    except DeltaError:  # the log no longer has the version
        return {}
    return _consumed_by(seen, read, handles)


_NOTHING = -1
"""The version that a table has seen of an input if it has seen none."""


def _oldest_after(found: list[Batch], version: int) -> datetime | None:
    """Return when the first batch after a version was delivered, None if there is none.

    A batch of old records was not delivered before the newest record of the batches before it.
    """
    delivered = accumulate((batch.newest for batch in found), max)
    after = (
        time
        for batch, time in zip(found, delivered, strict=True)
        if batch.version > version and batch.records
    )
    return next(after, None)


def _age(age: timedelta) -> str:
    if age >= timedelta(days=3):
        return f"{age / timedelta(days=1):.0f} days"
    return f"{age / timedelta(hours=1):.0f} hours"
