"""The rules of a table, and how many records break each of them now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from contracts.contract import Contract
from contracts.plausible_times import CLOCK_TOLERANCE
from contracts.rules import Rule, rules
from transforms.validation import FUTURE, UNREADABLE


@dataclass(frozen=True)
class Kept:
    """A rule, and how many records break it now; none where nobody counts."""

    table: str
    name: str
    words: str
    warning: bool
    broken: int | None


def kept(
    contract: type[Contract], standing: Mapping[str, Any] | None, *, from_records: bool
) -> list[Kept]:
    """Return the rules of today, and behind them those that records in quarantine broke before.

    Args:
        contract: whose rules.
        standing: the table's figures from `flows.delta.status`, if it has been made.
        from_records: whether the table is typed from raw records, which can be unreadable.
    """
    asked = rules(contract, typed_from_raw=from_records)
    broken = standing["broken_rules"] if standing else {}
    warned = standing["warnings"] if standing else {}
    if from_records:
        asked = [*RECORD_RULES, *asked]

    def now(rule: Rule) -> int | None:
        if rule.warning:
            return int(warned.get(rule.name, 0))
        return int(broken.get(rule.name, 0)) if from_records and standing else None

    table = contract.spec().table
    gone = broken.keys() - {rule.name for rule in asked}
    return [
        *(Kept(table, rule.name, rule.description, rule.warning, now(rule)) for rule in asked),
        *(Kept(table, name, _EARLIER, warning=False, broken=broken[name]) for name in sorted(gone)),
    ]


def broken_now(some: Iterable[Kept]) -> list[Kept]:
    """Return those that records break: errors before warnings, the most frequent first."""
    found = [each for each in some if each.broken]
    return sorted(found, key=lambda each: (each.warning, -(each.broken or 0), each.table))


_READABLE = "The record has the fields of its header, and its quotes are closed."
_AHEAD = f"at most {CLOCK_TOLERANCE.seconds // 60} minutes ahead of the clock"
_TIMELY = f"What it tells happened, or its file was changed, {_AHEAD}."
RECORD_RULES = (
    Rule(UNREADABLE, pl.lit(value=True), description=_READABLE),
    Rule(FUTURE, pl.lit(value=True), description=_TIMELY),
)
"""The rules of every raw record, whatever its table; the expressions are placeholders."""
_EARLIER = "A rule of an earlier contract."
