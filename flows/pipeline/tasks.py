"""One Prefect task per table and step: named after the table, its asset, retried when it can pass.

Only names and metrics travel between them, never frames: whatever happens to a run, what is true
lies in the tables.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task, get_run_logger
from prefect.assets import Asset, AssetProperties, add_asset_metadata, materialize
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture, PrefectWrappedFuture, as_completed
from rich.console import Console
from rich.progress import track

from contracts.contract import Contract
from contracts.table_check import ContractBrokenError
from flows.config.errors import ConservationError, TableError, one_line
from flows.config.masking import mask
from flows.delta import location
from flows.delta.outcome import Outcome
from flows.pipeline.events import warn_of_quarantine
from flows.pipeline.transient_errors import is_transient
from flows.storage.filesystem import check_access

Step = Callable[..., Outcome]
P = ParamSpec("P")
Result = TypeVar("Result")

EXPECTED = (ContractBrokenError, ConservationError, TableError)
"""Errors that name their table and say what to do; all others need their kind to be understood."""


def retry_options(lake: str) -> dict[str, Any]:
    """Return options of a task: what can pass is tried six times, later and later.

    Where S3 is gone nothing passes, and each try would find it out as slowly as the first.
    """

    def worth_a_try(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
        # A function with a name travels to a Dask worker as that name; one without takes along
        # copies of deltalake's errors, which no error there is an instance of.
        return is_transient(state.result(raise_on_failure=False)) and not storage_error(lake)

    return {
        "retries": 5,
        "retry_delay_seconds": [1.0, 2.0, 4.0, 6.0, 8.0],
        "retry_jitter_factor": 0.5,
        "retry_condition_fn": worth_a_try,
        "cache_policy": NO_CACHE,
        "persist_result": False,
    }


def storage_error(lake: str) -> str:
    """Say in a line why nothing works any more, where S3 went away in the middle of a run."""
    try:
        check_access(lake)
    except OSError as error:
        return str(error)
    return ""


def table_task(
    lake: str, contract: type[Contract], make: Step, inputs: Iterable[str] = ()
) -> Task[..., Outcome]:
    """Return the task that makes a table of its inputs and tells Prefect what became of it.

    What can pass (storage, a faster writer) is tried six times, later and later; what cannot (a
    contract, a bad file, a permission) fails at once.
    """
    name = contract.spec().table
    asset = Asset(
        key=_asset_key(location(lake, name)),
        properties=AssetProperties(name=name, description=(contract.__doc__ or "").strip()),
    )

    @materialize(
        asset,
        asset_deps=[_asset_key(location(lake, read)) for read in inputs],
        name=name,
        task_run_name=name,
        **retry_options(lake),
    )
    def run(*args: Any, **options: Any) -> Outcome:
        check_access(lake)
        outcome = make(*args, **options)
        add_asset_metadata(asset, outcome.metrics())
        warn_of_quarantine(asset, outcome)
        doing = "is now at" if outcome.changed else "stays at"
        get_run_logger().info(
            f"{name} {doing} version {outcome.version} with {outcome.rows:,} rows",
            extra=outcome.metrics(),  # fields of their own where logs are JSON
        )
        return outcome

    return run


def read_only_task(place: str, glance: Callable[P, Result]) -> Task[P, Result]:
    """Return the task that looks at tables or files and changes nothing, tried like a step."""
    return Task(glance, **retry_options(place))


def collect_outcomes(
    submitted: Mapping[str, PrefectFuture[Outcome]], doing: str
) -> tuple[list[Outcome], list[str], dict[str, str]]:
    """Wait for the tasks, with a progress bar where a person looks on.

    Returns the outcomes of those that completed; a line for each rejected file, for each failed
    task, and for what could not be tried; and by task that did not complete, `failed` or `left`.
    """
    for future in track(
        as_completed(list(submitted.values())),
        description=doing,
        total=len(submitted),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ):
        future.wait()
    lost = {task: error for task, future in submitted.items() if (error := _lost(future))}
    states = {task: future.state for task, future in submitted.items() if task not in lost}
    done = {task: state.result() for task, state in states.items() if state.is_completed()}
    failures = [line for outcome in done.values() for line in outcome.rejected]
    failures += [failure_line(task, state) for task, state in states.items() if _failed(state)]
    failures += _told_by_error(lost)
    if left := [task for task, state in states.items() if state.is_pending()]:
        failures.append(f"left as they are, for they need what failed: {', '.join(left)}")
    undone = {task: "left" if task in left else "failed" for task in submitted if task not in done}
    return list(done.values()), failures, undone


def failure_line(task: str, state: State[Any]) -> str:
    """Say in a line why a task failed."""
    error = state.result(raise_on_failure=False)
    said = str(error) if isinstance(error, EXPECTED) else f"{task}: {type(error).__name__}: {error}"
    return mask(one_line(said))


def _failed(state: State[Any]) -> bool:
    return state.is_failed() or state.is_crashed() or state.is_cancelled()


def _lost(future: PrefectFuture[Outcome]) -> BaseException | None:
    """Return what ended a task that could not say how it ended: its worker died, say."""
    if not isinstance(future, PrefectWrappedFuture):
        return None
    ended = future.wrapped_future
    error: BaseException | None = (
        CancelledError("its scheduler is gone") if ended.cancelled() else ended.exception()
    )
    return error


def _told_by_error(lost: Mapping[str, BaseException]) -> list[str]:
    """Return a line for each error; what needs a lost task is lost by the same."""
    tasks = defaultdict[str, list[str]](list)
    for task, error in lost.items():
        tasks[f"{type(error).__name__}: {error}"].append(task)
    return [mask(one_line(f"{', '.join(names)}: {error}")) for error, names in tasks.items()]


def _asset_key(uri: str) -> str:
    if "://" not in uri:
        uri = f"file://{Path(uri).absolute()}"
    # Prefect allows neither white space nor most punctuation in the key of an asset.
    return re.sub(r"[^\w/:.@~+=,;!$()*-]", "_", uri)
