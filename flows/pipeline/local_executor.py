"""The local executor: the steps of a run in threads of this process, or on the workers of Dask."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures import Executor as Pool
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from rich.console import Console
from rich.progress import Progress
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_chain,
    wait_fixed,
    wait_random,
)

from flows.config.settings import dask_address
from flows.delta.outcome import Outcome
from flows.pipeline import execution
from flows.pipeline.dask_cluster import dask_scheduler
from flows.pipeline.execution import (
    RETRY_JITTER,
    Ended,
    Executor,
    Results,
    Step,
    T,
    is_worth_retrying,
)
from flows.storage.filesystem import check_access

P = ParamSpec("P")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


@contextmanager
def local_executor(runner: str | None = None) -> Iterator[Executor]:
    """Return an executor without Prefect; it ends with the context.

    Args:
        runner: `dask` or `dask=ADDRESS` runs the steps on a Dask cluster; threads when not given.

    Raises:
        ModuleNotFoundError: Dask is not installed.
        SettingError: there is no such runner.
    """
    address = dask_address(runner)
    if address is None:
        # Polars uses every core for one table; a second table uses the cores that it leaves idle.
        with ThreadPoolExecutor(os.cpu_count() or 2, "step") as pool:
            yield _LocalExecutor(pool)
    else:
        with dask_scheduler(address) as scheduler:
            from distributed import Client

            with Client(scheduler) as client:
                yield _LocalExecutor(client.get_executor(pure=False))


class _LocalExecutor:
    name = "local"

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def read(
        self, location: str, function: Callable[P, Result], *args: P.args, **options: P.kwargs
    ) -> Result:
        return _retrying(location)(function, *args, **options)

    def run(self, title: str, lake: str, steps: Sequence[Step[T]]) -> Results[T]:
        ended, running = Ended[T](), dict[Future[T], str]()
        waiting = {step.table: step for step in steps}
        with _progress_bar() as bar:
            task = bar.add_task(title, total=len(steps))
            while waiting or running:
                for name in _ready(waiting, running, ended):
                    running[self._pool.submit(_run_step, lake, waiting.pop(name))] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    if error := future.exception():
                        ended.errors[name] = error
                    else:
                        ended.outcomes[name] = future.result()
                    bar.advance(task)
                _skip(waiting, ended)
        return ended.results()

    def publish(self, title: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]) -> None:
        """Publish nothing, because the caller has the outcomes."""


def _ready(
    waiting: Mapping[str, Step[T]], running: Mapping[Future[T], str], ended: Ended[T]
) -> list[str]:
    unfinished = {*waiting, *running.values(), *ended.errors, *ended.skipped}
    return [name for name, step in waiting.items() if not unfinished & {*step.after}]


def _skip(waiting: dict[str, Step[T]], ended: Ended[T]) -> None:
    while lost := [n for n, s in waiting.items() if {*s.after} & {*ended.errors, *ended.skipped}]:
        for name in lost:
            ended.skipped.append(name)
            del waiting[name]


def _run_step(lake: str, step: Step[T]) -> T:
    def work() -> T:
        check_access(lake)
        return step.work()

    outcome = _retrying(lake)(work)
    logger.info(outcome.summary(), extra=outcome.metrics())
    return outcome


def _retrying(lake: str) -> Retrying:
    return Retrying(
        stop=stop_after_attempt(1 + len(execution.RETRY_DELAYS)),
        wait=wait_chain(
            *(wait_fixed(d) + wait_random(0, d * RETRY_JITTER) for d in execution.RETRY_DELAYS)
        ),
        retry=retry_if_exception(partial(is_worth_retrying, lake)),
        before_sleep=_log_retry,
        reraise=True,
    )


def _log_retry(state: RetryCallState) -> None:
    error = state.outcome and state.outcome.exception()
    logger.warning("attempt %s failed, trying again: %s", state.attempt_number, error)


def _progress_bar() -> Progress:
    """Return a progress bar, hidden if the output is not a terminal."""
    return Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
