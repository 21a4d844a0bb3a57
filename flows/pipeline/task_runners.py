"""What runs the tasks of a flow: threads of this process, or the workers of a Dask cluster."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from prefect import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.config.settings import dask_address

# Polars uses every core for one table; as many tables at a time keep them busy in between.
SIDE_BY_SIDE: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=os.cpu_count() or 2)

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def task_runner(name: str | None) -> Iterator[TaskRunner[Any]]:
    """Return what `dask` or `dask=ADDRESS` names, or threads if nothing; it ends with the context.

    Without the address of a scheduler, Dask starts as many processes here as there are cores.

    Raises:
        ModuleNotFoundError: Dask is not installed; says how.
        MissingSettingError: there is no such runner.
    """
    address = dask_address(name)
    if address is None:
        yield SIDE_BY_SIDE
    else:
        with _dask(address) as runner:
            yield runner


def spread(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Do work for each item: one after the other, or all over the cluster from a Dask worker.

    Items and results travel: let them be names, versions and figures, never frames.
    """
    items = list(items)
    if len(items) == 1 or not _on_a_worker():
        return [work(item) for item in items]
    from distributed import worker_client

    # While it waits, the task leaves its place to a part; parts come before tables not yet begun.
    with worker_client() as client:
        return list(client.gather(client.map(work, items, pure=False, priority=1)))


class UnlikeWorkersError(Exception):
    """The workers of a cluster are not alike, and what they do would not fit together."""


@contextmanager
def _dask(address: str) -> Iterator[TaskRunner[Any]]:
    try:
        from distributed import LocalCluster
        from prefect_dask.task_runners import DaskTaskRunner
    except ModuleNotFoundError as missing:
        message = "the runner dask is an extra: pip install 'keystone-nexus[dask]'"
        raise ModuleNotFoundError(message) from missing
    if not address:
        with (
            LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster,
            _dask(cluster.scheduler_address) as runner,
        ):
            yield runner
        return
    # The workers find by its address the server that Prefect may have started for us.
    with (
        get_client(sync_client=True) as client,
        temporary_settings({PREFECT_API_URL: str(client.api_url)}),
    ):
        yield DaskTaskRunner(address=address)


def _on_a_worker() -> bool:
    if "distributed" not in sys.modules:  # whoever is on a worker has it
        return False
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True
