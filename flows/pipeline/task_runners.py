"""Task runners of Prefect: threads of this process, or the workers of a Dask cluster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.config.extras import require
from flows.config.settings import dask_address
from flows.pipeline.dask_cluster import dask_scheduler


@contextmanager
def task_runner(name: str | None) -> Iterator[TaskRunner[Any]]:
    """Return the started task runner of a name; it ends with the context.

    Args:
        name: `dask` or `dask=ADDRESS` of a scheduler; threads of this process when not given.

    Raises:
        MissingPackageError: Dask is not installed.
        SettingError: there is no such runner.
    """
    address = dask_address(name)
    if address is None:
        # Polars uses every core for one table; a second table uses the cores that it leaves idle.
        threads = ThreadPoolTaskRunner[Any](max_workers=os.cpu_count() or 2)
        with threads:
            yield threads
        return
    with dask_scheduler(address) as scheduler:
        require("prefect_dask", "a flow run on Dask sends its tasks")
        from prefect_dask.task_runners import DaskTaskRunner

        # The workers need the address of a temporary server that was started here.
        with (
            get_client(sync_client=True) as client,
            temporary_settings({PREFECT_API_URL: str(client.api_url)}),
            DaskTaskRunner(address=scheduler) as dask,
        ):
            yield dask
