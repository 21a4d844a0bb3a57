"""The local executor: the steps of a run in threads of this process, or on the workers of Dask."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures import Executor as Pool
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

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
    is_worth_retrying,
    perform,
)
from flows.pipeline.interrupt import first_interrupt
from flows.pipeline.progress import show_progress
from flows.pipeline.step import Step, T

P = ParamSpec("P")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


@contextmanager
def local_executor(runner: str | None = None, *, quiet: bool = False) -> Iterator[Executor]:
    """Return an executor without Prefect; it ends with the context.

    Args:
        runner: `dask` or `dask=ADDRESS` runs the steps on a Dask cluster; threads when not given.
        quiet: whether to show no progress, even to a person who watches.

    Raises:
        MissingPackageError: Dask is not installed.
        SettingError: there is no such runner.
    """
    address = dask_address(runner)
    if address is None:
        # Polars uses every core for one table; a second table uses the cores that it leaves idle.
        threads = os.cpu_count() or 2
        pool = ThreadPoolExecutor(threads, "step")
        at_once = False
        try:
            yield _LocalExecutor(pool, threads, quiet=quiet)
        except KeyboardInterrupt:
            at_once = True
            raise
        finally:
            pool.shutdown(wait=not at_once, cancel_futures=at_once)
    else:
        with dask_scheduler(address) as scheduler:
            from distributed import Client

            with Client(scheduler) as client:
                yield _LocalExecutor(client.get_executor(pure=False), None, quiet=quiet)


class _LocalExecutor:
    def __init__(self, pool: Pool, threads: int | None, *, quiet: bool) -> None:
        self._pool, self._threads, self._quiet = pool, threads, quiet

    def read(
        self, location: str, function: Callable[P, Result], *args: P.args, **options: P.kwargs
    ) -> Result:
        return _retrying(location, location)(function, *args, **options)

    def run(self, title: str, lake: str, steps: Sequence[Step[T]]) -> Results[T]:
        ended, running = Ended[T](), dict[Future[T], str]()
        waiting = {step.table: step for step in _longest_chain_first(steps)}
        with (
            first_interrupt() as interrupted,
            show_progress(title, len(steps), quiet=self._quiet) as progress,
        ):
            while running or (waiting and not interrupted.is_set()):
                if interrupted.is_set():
                    _withdraw(running, ended)
                else:
                    # A step that becomes ready later may be more urgent than those in a queue.
                    free = self._threads and self._threads - len(running)
                    for name in _ready(waiting, running, ended)[:free]:
                        step = waiting.pop(name)
                        running[self._pool.submit(_run_step, title, lake, step)] = name
                progress.running([name for each, name in running.items() if each.running()])
                for future in wait(running, _TICK, return_when=FIRST_COMPLETED).done:
                    _end(future, running.pop(future), ended)
                    progress.ended()
                if interrupted.is_set() and running and not ended.interrupted:
                    progress.note(_INTERRUPTED.format(len(running)))
                ended.interrupted |= interrupted.is_set()
                _skip(waiting, ended)
        ended.not_started += waiting
        return ended.results(steps)

    def publish(
        self, title: str, lake: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]
    ) -> None:
        """Publish nothing, because the caller has the outcomes."""


_TICK = 0.1
"""Seconds between looks at the clock and at Ctrl-C."""

_INTERRUPTED = (
    "Interrupted: waiting for the steps that run ({}), and starting no other. "
    "Press Ctrl-C again to end at once."
)


def _end(future: Future[T], name: str, ended: Ended[T]) -> None:
    """Keep the result of a step."""
    if error := future.exception():
        ended.errors[name] = error
    else:
        ended.outcomes[name] = future.result()


def _withdraw(running: dict[Future[T], str], ended: Ended[T]) -> None:
    """Take back the steps that no thread has begun."""
    for future, name in [*running.items()]:
        if future.cancel():
            ended.not_started.append(name)
            del running[future]


def _longest_chain_first(steps: Sequence[Step[T]]) -> list[Step[T]]:
    """Sort steps by how many others run after them, one after the other."""
    chains = dict[str, int]()
    for step in reversed(steps):  # each after those that it needs
        for name in step.after:
            chains[name] = max(chains.get(name, 0), 1 + chains.get(step.table, 0))
    return sorted(steps, key=lambda step: -chains.get(step.table, 0))


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


def _run_step(title: str, lake: str, step: Step[T]) -> T:
    outcome: T = _retrying(lake, step.table)(perform, title, lake, step)
    logger.info(outcome.summary(), extra=outcome.metrics())
    return outcome


def _retrying(lake: str, name: str) -> Retrying:
    return Retrying(
        stop=stop_after_attempt(1 + len(execution.RETRY_DELAYS)),
        wait=wait_chain(
            *(wait_fixed(d) + wait_random(0, d * RETRY_JITTER) for d in execution.RETRY_DELAYS)
        ),
        retry=retry_if_exception(partial(is_worth_retrying, lake)),
        before_sleep=partial(_log_retry, name),
        reraise=True,
    )


def _log_retry(name: str, state: RetryCallState) -> None:
    error = state.outcome and state.outcome.exception()
    logger.warning("%s: try %s failed, trying again: %s", name, state.attempt_number, error)
