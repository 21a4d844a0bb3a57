"""What runs the tasks of a flow: threads of this process, or the workers of a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.task_runners import TaskRunner

from flows.config.prefect_server import THREADS
from flows.config.settings import dask_address


@contextmanager
def task_runner(name: str | None) -> Iterator[TaskRunner[Any]]:
    """Return what `dask` or `dask=ADDRESS` names, or threads if nothing; it ends with the context.

    Without the address of a scheduler, Dask starts as many processes here as there are cores.

    Raises:
        ModuleNotFoundError: Dask is not installed; says how.
        SettingError: there is no such runner.
    """
    address = dask_address(name)
    if address is None:
        yield THREADS
    else:
        with _dask(address) as runner:
            yield runner


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
