"""The Prefect executor: one task per step, named after the table, which is its asset.

Tasks exchange names and numbers, never frames; rows are read from the tables.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task, get_run_logger
from prefect.assets import Asset, AssetProperties, add_asset_metadata, materialize
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture, PrefectWrappedFuture, as_completed
from prefect.task_engine import TaskRunTimeoutError
from prefect.task_runners import TaskRunner
from rich.console import Console
from rich.progress import track

from flows.config.settings import Settings
from flows.delta import location
from flows.delta.outcome import Outcome
from flows.pipeline import execution
from flows.pipeline.artifacts import publish_artifacts
from flows.pipeline.execution import (
    RETRY_JITTER,
    Ended,
    Executor,
    Results,
    is_worth_retrying,
    perform,
)
from flows.pipeline.step import Step, T
from flows.pipeline.task_runners import task_runner

P = ParamSpec("P")
Result = TypeVar("Result")


@contextmanager
def prefect_executor(runner: str | None = None) -> Iterator[Executor]:
    """Return an executor for the body of a Prefect flow; it ends with the context.

    Args:
        runner: `dask` or `dask=ADDRESS` runs the tasks on a Dask cluster; threads when not given.

    Raises:
        MissingPackageError: Dask is not installed.
        SettingError: there is no such runner.
    """
    with task_runner(runner) as tasks:
        yield _PrefectExecutor(tasks)


class _PrefectExecutor:
    def __init__(self, tasks: TaskRunner[Any]) -> None:
        self._tasks = tasks

    def read(
        self, location: str, function: Callable[P, Result], *args: P.args, **options: P.kwargs
    ) -> Result:
        return Task(function, **retry_options(location))(*args, **options)

    def run(self, title: str, lake: str, steps: Sequence[Step[T]]) -> Results[T]:
        futures: dict[str, PrefectFuture[T]] = {}
        for step in steps:
            futures[step.table] = self._tasks.submit(
                _task(title, lake, step),
                parameters={},
                wait_for=[futures[name] for name in step.after],
            )
        return _wait(title, futures).results(steps)

    def publish(
        self, title: str, lake: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]
    ) -> None:
        publish_artifacts(title, lake, outcomes, undone)


def retry_options(lake: str) -> dict[str, Any]:
    """Return the options of a task that is retried after a transient error."""

    # Prefect treats a `partial` as "never". A Dask worker imports `is_worth_retrying` by its name.
    # If it were defined here, it would be sent with copies of deltalake's exceptions, and no error
    # of the worker would be an instance of those.
    def may_retry(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
        error = state.result(raise_on_failure=False)
        # A step that hangs would hang again.
        return not isinstance(error, TaskRunTimeoutError) and is_worth_retrying(lake, error)

    return {
        "retries": len(execution.RETRY_DELAYS),
        "retry_delay_seconds": list(execution.RETRY_DELAYS),
        "retry_jitter_factor": RETRY_JITTER,
        "retry_condition_fn": may_retry,
        "timeout_seconds": execution.STEP_TIMEOUT_SECONDS,
        "cache_policy": NO_CACHE,
        "persist_result": False,
    }


def _task(title: str, lake: str, step: Step[T]) -> Task[[], T]:
    """Return the task of a step; one that changes rows materializes its table as an asset."""
    options: dict[str, Any] = {
        "name": step.table,
        "task_run_name": step.table,
        **retry_options(lake),
    }

    def run() -> T:
        outcome = perform(title, lake, step)
        if asset and isinstance(outcome, Outcome):
            add_asset_metadata(asset, outcome.metrics())
        get_run_logger().info(outcome.summary(), extra=outcome.metrics())
        return outcome

    asset = _asset(lake, step)
    if asset is None:
        return Task(run, **options)
    inputs: list[str | Asset] = [asset_key(location(lake, name)) for name in step.inputs]
    return materialize(asset, asset_deps=inputs, **options)(run)


def _asset(lake: str, step: Step[T]) -> Asset | None:
    if step.contract is None:
        return None
    settings = Settings()
    docs = settings.docs_url.rstrip("/")
    return Asset(
        key=asset_key(location(lake, step.table)),
        properties=AssetProperties(
            name=step.table,
            description=(step.contract.__doc__ or "").strip(),
            url=f"{docs}/{step.table}.html" if docs else None,
            owners=list(settings.owners) or None,
        ),
    )


def _wait(title: str, futures: Mapping[str, PrefectFuture[T]]) -> Ended[T]:
    """Wait for the tasks, with a progress bar on a terminal."""
    for future in track(
        as_completed(list(futures.values())),
        description=title,
        total=len(futures),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ):
        future.wait()
    ended = Ended[T]()
    for name, future in futures.items():
        if error := _lost(future):
            ended.errors[name] = error
        elif future.state.is_completed():
            ended.outcomes[name] = future.result()
        elif future.state.is_pending():
            ended.skipped.append(name)
        else:
            ended.errors[name] = future.state.result(raise_on_failure=False)
    return ended


def _lost(future: PrefectFuture[T]) -> BaseException | None:
    """Return the error of a task that could not report its end, such as that of a dead worker."""
    if not isinstance(future, PrefectWrappedFuture):
        return None
    ended = future.wrapped_future
    error: BaseException | None = (
        CancelledError("its scheduler is gone") if ended.cancelled() else ended.exception()
    )
    return error


def asset_key(uri: str) -> str:
    """Return the key of the asset of the table at a location."""
    if "://" not in uri:
        uri = f"file://{Path(uri).absolute()}"
    # Prefect allows neither white space nor most punctuation in the key of an asset.
    return re.sub(r"[^\w/:.@~+=,;!$()*-]", "_", uri)
