"""Thresholds: the shares of a run's records that its contract allows to break a rule.

The commit of a silver table counts the records that its run validated. A run that exceeds a
threshold with `stop=True` is stopped: tables that have not consumed its version do not consume it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from contracts.share import Share
from flows.config.plural import pluralize
from flows.delta.transactions import quarantine_name
from transforms.graph import Table

VALIDATED = "validated"
"""The metric that counts what the last run with records validated: all records, those in
quarantine, and those that break each rule or warning. It has the version that the run made, and
`fail_above` if the run had one."""


@dataclass(frozen=True)
class Gate:
    """What the user of a run says instead of the contracts."""

    fail_above: float | None = None
    """The share in quarantine that stops the run, for all tables, instead of what contracts say."""
    accept: frozenset[str] = frozenset()
    """The silver tables that are published although their last run is stopped."""


CONTRACTS = Gate()
"""The gate without such settings: the contracts apply."""


class Measured(NamedTuple):
    """A share of a run's records, with its threshold."""

    rule: str
    """The rule or warning that the records break; empty for all records in quarantine."""
    broken: int
    """The number of these records."""
    records: int
    allowed: Share
    found_in: str
    """The table that has the records."""
    detail: str = ""
    """The rules that the records in quarantine break, after a colon."""

    @property
    def is_exceeded(self) -> bool:
        """Whether the share is larger than allowed."""
        return self.broken / self.records > self.allowed.allowed

    def __str__(self) -> str:
        """Return the share in words."""
        what = f"break {self.rule}" if self.rule else "went to quarantine"
        share, allowed = _distinct(self.broken / self.records, self.allowed.allowed)
        return (
            f"{share} of {pluralize(self.records, 'record')} {what} "
            f"({self.broken:,}{self.detail}), more than the {allowed} allowed"
        )


def _distinct(share: float, allowed: float) -> tuple[str, str]:
    """Return two shares in percent, with as many decimals as it takes to tell them apart."""
    for decimals in range(1, _DECIMALS):
        if (shown := f"{share:.{decimals}%}") != (limit := f"{allowed:.{decimals}%}"):
            break
    return shown, limit


_DECIMALS = 6


class Stop(NamedTuple):
    """A run that tables downstream must not consume."""

    table: str
    version: int
    exceeded: tuple[Measured, ...]

    @property
    def problem(self) -> str:
        """What is wrong, in words."""
        return "; ".join(map(str, self.exceeded))

    @property
    def remedy(self) -> str:
        """What to do."""
        return remedy(self.table, self.exceeded, is_held_back=True)

    def __str__(self) -> str:
        """Return the line that people read."""
        return f"{self.table}: {self.problem}; the tables downstream are held back; {self.remedy}"


def remedy(table: str, exceeded: tuple[Measured, ...], *, is_held_back: bool) -> str:
    """Return what to do about the exceeded shares of a table, whether or not it is published."""
    found_in = ", ".join(dict.fromkeys(each.found_in for each in exceeded))
    accept = f", or publish the table as it is by `keystone refresh --accept {table}`"
    return f"see {found_in}, then correct the source or the rule{accept if is_held_back else ''}"


def measure(
    table: Table, metrics: Mapping[str, Any], fail_above: float | None = None
) -> Iterator[Measured]:
    """Yield the shares of the last run of a silver table, each with its threshold.

    Args:
        table: the table; others than those of records have no shares.
        metrics: of its last commit.
        fail_above: as in `Gate`; by default that of the run itself.
    """
    run = metrics.get(VALIDATED)
    if not run or not table.source:
        return
    spec, quarantine = table.contract.spec(), quarantine_name(table.source)
    limit = run.get("fail_above") if fail_above is None else fail_above
    yield Measured(
        "",
        run["quarantined"],
        run["records"],
        spec.quarantine_share if limit is None else Share(limit, stop=True),
        quarantine,
        f": {', '.join([*run['broken_rules']][:_NAMED])}",
    )
    for rule, allowed in spec.max_share.items():
        is_warning = rule in run["warnings"]
        count = (run["warnings"] | run["broken_rules"]).get(rule, 0)
        yield Measured(
            rule, count, run["records"], allowed, table.name if is_warning else quarantine
        )


_NAMED = 3


def stop_of(
    table: Table, metrics: Mapping[str, Any], fail_above: float | None = None
) -> Stop | None:
    """Return why the last run of a silver table is stopped, if it is; arguments as in `measure`."""
    exceeded = tuple(
        each
        for each in measure(table, metrics, fail_above)
        if each.is_exceeded and each.allowed.stop
    )
    return Stop(table.name, metrics[VALIDATED]["version"], exceeded) if exceeded else None
