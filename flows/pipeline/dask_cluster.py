"""The Dask cluster of a run: an existing one, or a new one on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.config.extras import require


@contextmanager
def dask_scheduler(address: str) -> Iterator[str]:
    """Return the address of a scheduler; without one, start a worker process per core here.

    Raises:
        MissingPackageError: Dask is not installed.
    """
    require("distributed", "the runner dask shares steps among processes")
    from distributed import LocalCluster

    if address:
        yield address
    else:
        with LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster:
            yield cluster.scheduler_address
