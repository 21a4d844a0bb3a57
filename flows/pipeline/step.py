"""The work on one table in a run, and what it returns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from contracts.contract import Contract


class StepOutcome(Protocol):
    """What a step returns."""

    @property
    def rejected(self) -> Sequence[str]:
        """A line for each rejected file."""
        ...

    def metrics(self) -> dict[str, Any]:
        """Return the metrics as plain values, for JSON."""
        ...

    def summary(self) -> str:
        """Return the line of the log."""
        ...


T = TypeVar("T", bound=StepOutcome)


@dataclass(frozen=True)
class Step(Generic[T]):
    """The work on one table in a run. It may be sent to another process."""

    table: str
    work: Callable[[], T]
    contract: type[Contract] | None = None
    """The contract of the table that the step writes, if it changes rows."""
    inputs: Sequence[str] = ()
    """The tables that it reads."""
    after: Sequence[str] = ()
    """The steps of the same run that must succeed first."""
    run: str = ""
    """The OpenLineage id of the run that it is a part of; empty if no receiver is configured."""
