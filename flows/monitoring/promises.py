"""The result of a promise: broken, with its cause, or not."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple

from deltalake import DeltaTable

from contracts.contract import Contract
from flows.monitoring.deliveries import Batch
from transforms.graph import downstream_tables, tables


@dataclass(frozen=True)
class BrokenPromise:
    """A promise that is broken, with its cause."""

    promise: str
    """`freshness`, `volume`, `quarantine`, or `rule`."""
    cause: str
    """The table with the cause: a source, or a table that was not refreshed."""
    since: datetime
    """UTC."""
    problem: str
    """What is wrong, in words."""
    affected: tuple[str, ...]
    """The tables downstream that the broken promise reaches."""
    remedy: str
    rule: str = ""
    """The rule that it is about, if it is about one."""

    def __str__(self) -> str:
        """Return the line that people read."""
        reached = ""
        if self.affected:
            named = ", ".join(self.affected[:_NAMED])
            more = f" and {len(self.affected) - _NAMED} more" if len(self.affected) > _NAMED else ""
            reached = f"; reaches {named}{more}"
        return (
            f"{self.cause}: {self.problem}, since {self.since:%Y-%m-%d %H:%M} UTC{reached}; "
            f"{self.remedy}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the promise as values that JSON can hold."""
        return {**asdict(self), "since": self.since.isoformat()}


class Verdict(Enum):
    """A promise that is not broken."""

    KEPT = auto()
    UNKNOWN = auto()
    """Too little has been delivered to compare it with."""


Handles = Mapping[str, DeltaTable]
"""Handles on the tables that exist, by name."""


class Logs(NamedTuple):
    """What promises are evaluated from."""

    now: datetime
    contracts: Mapping[str, type[Contract]]
    """By table."""
    handles: Handles
    batches: Mapping[str, list[Batch]]
    """By bronze table, what has been delivered by now, oldest first."""


Evaluated = Iterator[BrokenPromise | Verdict]
"""The evaluated promises of some tables."""


def reached(name: str) -> tuple[str, ...]:
    """Return the tables downstream, those that people read first."""
    found = downstream_tables(name)
    return tuple(reversed([each for each in tables() if each in found]))


_NAMED = 3
