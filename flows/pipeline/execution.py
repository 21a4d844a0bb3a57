"""The interface of executors: read, run steps in order, publish a summary."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, ParamSpec, Protocol, TypeVar

from contracts.table_check import ContractBrokenError
from flows.config.errors import ConservationError, HeldBackError, TableError, one_line
from flows.config.masking import mask
from flows.delta.outcome import Outcome
from flows.delta.provenance import made_by
from flows.pipeline.openlineage import observed_step
from flows.pipeline.step import Step, T
from flows.pipeline.transient_errors import is_transient
from flows.storage.filesystem import check_access

P = ParamSpec("P")
Result = TypeVar("Result")

RETRY_DELAYS = (1.0, 2.0, 4.0, 6.0, 8.0)
"""Seconds between the attempts of a step, plus a random share of up to `RETRY_JITTER`."""
RETRY_JITTER = 0.5

STEP_TIMEOUT_SECONDS = 6 * 3600
"""After this time Prefect fails the task of a step. A call into Polars or Delta ends first."""


def perform(command: str, lake: str, step: Step[T]) -> T:
    """Do the work of a step; its commits name the command."""
    check_access(lake)
    with made_by(command):
        return observed_step(command, lake, step)


class Results(NamedTuple, Generic[T]):
    """The results of the steps of a run."""

    outcomes: list[T]
    failures: list[str]
    """A line for each rejected file and each failed step, and one for the skipped steps."""
    undone: Mapping[str, str]
    """By table without an outcome: `failed`, `skipped` because it needs one that failed, `held
    back`, or `not run`."""
    held_back: list[str]
    """A line for each table whose run holds others back."""
    interrupted: bool = False
    """Whether Ctrl-C ended the run early."""


class Executor(Protocol):
    """Runs the steps of a pipeline: threads of this process, Prefect tasks, Dask workers."""

    def read(
        self, location: str, function: Callable[P, Result], *args: P.args, **options: P.kwargs
    ) -> Result:
        """Call a function that only reads at a location; retry after transient errors."""
        ...

    def run(self, title: str, lake: str, steps: Sequence[Step[T]]) -> Results[T]:
        """Run steps in the order of their dependencies; retry after transient errors."""
        ...

    def publish(
        self, title: str, lake: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]
    ) -> None:
        """Publish the summary of a run, in addition to the output of the command line."""
        ...


@dataclass
class Ended(Generic[T]):
    """The steps of a run that have ended so far."""

    outcomes: dict[str, T] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    interrupted: bool = False

    def results(self, steps: Sequence[Step[T]]) -> Results[T]:
        """Return the outcomes of the steps, with a line for each failure."""
        stops, held_back = self._held_back(steps)
        failures = [line for outcome in self.outcomes.values() for line in outcome.rejected]
        reasons = defaultdict[str, list[str]](list)
        failed = {n: error for n, error in self.errors.items() if n not in held_back}
        for name, error in failed.items():
            reasons[_reason(error)].append(name)
        for reason, names in reasons.items():
            complete = isinstance(failed[names[0]], _COMPLETE)
            line = reason if complete else f"{', '.join(names)}: {reason}"
            failures.append(mask(one_line(line)))
        skipped = [name for name in self.skipped if name not in held_back]
        if skipped:
            line = f"skipped, because they need a table that failed: {', '.join(skipped)}"
            failures.append(line)
        undone = dict.fromkeys(failed, "failed") | dict.fromkeys(skipped, "skipped")
        undone |= dict.fromkeys(held_back, "held back") | dict.fromkeys(self.not_started, "not run")
        return Results(list(self.outcomes.values()), failures, undone, stops, self.interrupted)

    def _held_back(self, steps: Sequence[Step[T]]) -> tuple[list[str], list[str]]:
        """Return why tables are held back, and which: also those that need only such tables."""
        stops, held_back = dict[str, None](), list[str]()
        for step in steps:  # each after those that it needs
            error = self.errors.get(step.table)
            lost = {*step.after} & {*self.errors, *self.skipped}
            if isinstance(error, HeldBackError):
                stops |= dict.fromkeys(error.args)
                held_back.append(step.table)
            elif step.table in self.skipped and lost <= {*held_back}:
                held_back.append(step.table)
        return [*stops], held_back


_COMPLETE = (ContractBrokenError, ConservationError, TableError)
"""Errors whose message names the table and says what to do; others need their type as well."""


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, _COMPLETE) else f"{type(error).__name__}: {error}"


def is_worth_retrying(lake: str, error: object) -> bool:
    """Return whether a step may succeed when it is tried again.

    If S3 does not answer, it may not: each attempt would wait for the timeout again.
    """
    return is_transient(error) and not storage_error(lake)


def storage_error(lake: str) -> str:
    """Return why the storage of the lake cannot be used, in one line; empty if it can."""
    try:
        check_access(lake)
    except OSError as error:
        return str(error)
    return ""
