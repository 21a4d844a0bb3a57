"""Quarantine: the shares of each silver table's last run that break a rule or warning."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flows.delta.commit_log import last_metrics, since
from flows.delta.thresholds import measure, remedy
from flows.monitoring.gate import find_held_back
from flows.monitoring.promises import BrokenPromise, Evaluated, Logs, Verdict, reached
from transforms.graph import Table, tables


def quarantine(logs: Logs) -> Evaluated:
    """Evaluate `quarantine_share` and `max_share` of each silver table that comes from records."""
    held_back = {each.cause: each.tables for each in find_held_back(logs.handles)}
    for name, table in tables().items():
        if not table.source or name not in logs.handles:
            continue
        for share in measure(table, last_metrics(logs.handles[name])):
            if not share.is_exceeded:
                yield Verdict.KEPT
                continue
            stopped = held_back.get(name) if share.allowed.stop else None
            yield BrokenPromise(
                "rule" if share.rule else "quarantine",
                name,
                min(since(logs.handles[name], partial(_is_exceeded, table, share.rule)), logs.now),
                f"{share}{'; the tables downstream are held back' if stopped else ''}",
                stopped or reached(name),
                remedy(name, (share,), is_held_back=bool(stopped)),
                share.rule,
            )


def _is_exceeded(table: Table, rule: str, metrics: Mapping[str, Any]) -> bool:
    return any(each.rule == rule and each.is_exceeded for each in measure(table, metrics))
