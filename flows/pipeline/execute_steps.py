"""The steps of a run: executed, summarized, and with one error at the end for all that failed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flows.config.errors import RunFailedError, RunHeldBackError, RunInterruptedError
from flows.delta.outcome import Outcome
from flows.delta.table_names import all_tables
from flows.pipeline.execution import Executor, Results, storage_error
from flows.pipeline.openlineage import observed_run
from flows.pipeline.step import Step


def execute_steps(  # noqa: PLR0913 - optional arguments are given by name
    executor: Executor,
    title: str,
    lake: str,
    steps: Sequence[Step[Outcome]],
    *,
    failures: Sequence[str] = (),
    done: Sequence[Outcome] = (),
) -> list[Outcome]:
    """Run steps, publish a summary, and raise at the end if something failed.

    Args:
        executor: what runs the steps.
        title: the title of the summary.
        lake: the location of the tables.
        steps: the steps to run.
        failures: lines about files that were rejected before.
        done: outcomes of tables that need no step.

    Raises:
        RunInterruptedError: Ctrl-C ended the run early.
        RunHeldBackError: tables were held back; all else was done.
        RunFailedError: a step failed, or `failures` are given; all else was done.
    """
    with observed_run(title, lake) as observed:
        steps = [replace(step, run=observed.id) for step in steps]
        results = executor.run(title, lake, steps)
        interrupted = [interrupted_line(results)] if results.interrupted else []
        observed.failures = [*failures, *results.failures, *results.held_back, *interrupted]
    outcomes = sorted([*done, *results.outcomes], key=table_order)
    executor.publish(title, lake, outcomes, results.undone)
    failed = results.failures
    if failed and (unreachable := storage_error(lake)):
        failed = [unreachable]
    failures = [*failures, *failed]
    lines = [*failures, *results.held_back, *interrupted]
    if results.interrupted:
        raise RunInterruptedError(lines, outcomes, results.undone)
    if lines:
        kind = RunFailedError if failures else RunHeldBackError
        raise kind(lines, outcomes, results.undone)
    return outcomes


def interrupted_line(results: Results[Any]) -> str:
    """Return what Ctrl-C left of a run, in one line."""
    done, open_ = len(results.outcomes), len(results.undone)
    return (
        f"interrupted: {done} {'step is' if done == 1 else 'steps are'} done and committed, "
        f"{open_} {'is' if open_ == 1 else 'are'} not; run the same command again to continue"
    )


def table_order(outcome: Outcome) -> int:
    """Return the position of a table in the order of refreshes, as a sort key."""
    return all_tables().index(outcome.table)
