"""The state of each promise of the contracts, for readers: kept, broken or unknown."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from contracts.contract import Contract
from flows.delta.commit_log import last_metrics
from flows.delta.thresholds import VALIDATED
from flows.monitoring.check import evaluate
from flows.monitoring.deliveries import Delivery
from flows.monitoring.freshness import newest_record
from flows.monitoring.promises import BrokenPromise, Logs
from flows.monitoring.volume import source_deliveries
from transforms.graph import tables


class State(StrEnum):
    """What is known about a promise."""

    KEPT = "kept"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class PromiseState(NamedTuple):
    """A promise of a table with its state."""

    table: str
    promise: str
    """`freshness`, `volume`, `quarantine`, or the name of a rule."""
    state: State
    detail: str
    """What is promised; of a broken promise, what is wrong and what to do."""


def promise_states(logs: Logs) -> list[PromiseState]:
    """Return the promises of all contracts with their states, in the order of the contracts."""
    broken = {(each.rule or each.promise, each.cause): each for each in evaluate(logs).broken}
    found, delivered = [], source_deliveries(logs)
    for name, contract in logs.contracts.items():
        for promise, words in _promised(contract).items():
            if problem := broken.get((promise, name)):
                found.append(PromiseState(name, promise, State.BROKEN, _wrong(problem)))
            else:
                state = State.KEPT if _is_known(promise, name, logs, delivered) else State.UNKNOWN
                found.append(PromiseState(name, promise, state, words))
    return found


def _wrong(broken: BrokenPromise) -> str:
    """Return what is wrong with the table itself, and what to do."""
    problem = broken.problem[0].upper() + broken.problem[1:]
    return f"{problem}, since {broken.since:%Y-%m-%d %H:%M} UTC; {broken.remedy}."


def _promised(contract: type[Contract]) -> dict[str, str]:
    """Return what a contract promises, in words."""
    spec = contract.spec()
    table, found = tables().get(spec.table), dict[str, str]()
    if spec.fresh:
        hours = spec.fresh // timedelta(hours=1)
        what = "reads each delivery within" if table else "has a new record at least every"
        found["freshness"] = f"The table {what} {hours} hours."
    if spec.volume:
        found["volume"] = "A delivery has as many records as is usual for its weekday."
    if table and table.source:
        found["quarantine"] = (
            f"At most {spec.quarantine_share:.1%} of the records of a run go to quarantine."
        )
    for rule, share in spec.max_share.items():
        found[rule] = f"At most {share:.1%} of the records of a run break the rule."
    return found


def _is_known(
    promise: str, name: str, logs: Logs, delivered: Mapping[str, Sequence[Delivery]]
) -> bool:
    """Return whether the logs hold enough to compare a promise with."""
    if name not in logs.handles:
        return False
    if promise == "volume":
        compared = [each for each in delivered[name] if each.is_usual is not None]
        return any(each.band for each in compared[-1:])
    if promise == "freshness":
        return name in tables() or newest_record(logs.handles[name], logs.batches[name]) is not None
    return VALIDATED in last_metrics(logs.handles[name])
