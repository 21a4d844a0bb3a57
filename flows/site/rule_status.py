"""The rules of a table with the number of records that break each of them now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.contract import Contract
from contracts.rules import Rule, rules
from flows.refresh.record_rules import RECORD_RULES


@dataclass(frozen=True)
class RuleStatus:
    """A rule and the number of records that break it now."""

    table: str
    name: str
    description: str
    warning: bool
    broken: int | None
    """None if the rule is not counted, because a broken one stops the refresh."""


def rule_statuses(
    contract: type[Contract], status: Mapping[str, Any] | None, *, from_records: bool
) -> list[RuleStatus]:
    """Return the rules of a table, then former rules that quarantined records still break.

    Args:
        contract: contract of the table.
        status: the table's entry in `flows.delta.status`, if the table exists.
        from_records: whether the table is typed from raw records, which may be unreadable.
    """
    current = rules(contract, typed_from_raw=from_records)
    quarantined = status["broken_rules"] if status else {}
    warned = status["warnings"] if status else {}
    if from_records:
        current = [*RECORD_RULES, *current]

    def count(rule: Rule) -> int | None:
        if rule.warning:
            return int(warned.get(rule.name, 0))
        return int(quarantined.get(rule.name, 0)) if from_records and status else None

    table = contract.spec().table
    former = sorted(quarantined.keys() - {rule.name for rule in current})
    return [
        *(
            RuleStatus(table, rule.name, rule.description, rule.warning, count(rule))
            for rule in current
        ),
        *(
            RuleStatus(table, name, _FORMER, warning=False, broken=quarantined[name])
            for name in former
        ),
    ]


def broken_rules(statuses: Iterable[RuleStatus]) -> list[RuleStatus]:
    """Return the rules that records break: errors first, then by the number of records."""
    broken = [status for status in statuses if status.broken]
    return sorted(broken, key=lambda status: (status.warning, -(status.broken or 0), status.table))


_FORMER = "A rule of an earlier contract."
