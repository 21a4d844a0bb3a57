"""The Dask cluster of a run: an existing one, or a new one on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def dask_scheduler(address: str) -> Iterator[str]:
    """Return the address of a scheduler; without one, start a worker process per core here.

    Raises:
        ModuleNotFoundError: Dask is not installed; the message says how to install it.
    """
    try:
        from distributed import LocalCluster
    except ModuleNotFoundError as missing:
        message = "the runner dask is an extra: pip install 'keystone-nexus[dask]'"
        raise ModuleNotFoundError(message) from missing
    if address:
        yield address
    else:
        with LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster:
            yield cluster.scheduler_address
