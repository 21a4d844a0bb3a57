"""The Dask cluster of a run: an existing one, or a new one on this machine."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

from flows.config.extras import require
from flows.pipeline import openlineage


@contextmanager
def dask_scheduler(address: str) -> Iterator[str]:
    """Return the address of a scheduler; without one, start a worker process per core here.

    Raises:
        MissingPackageError: Dask is not installed.
    """
    require("distributed", "the runner dask shares steps among processes")
    from distributed import Client, LocalCluster

    if address:
        yield address
    else:
        with _ignored_by_new_processes(signal.SIGINT):
            # The run itself reports what a worker could not do.
            cluster = LocalCluster(
                threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
            )
        with cluster:
            yield cluster.scheduler_address
            if openlineage.is_configured():  # the workers end before they have sent all events
                with Client(cluster.scheduler_address) as client:
                    client.run(openlineage.flush)


@contextmanager
def _ignored_by_new_processes(number: signal.Signals) -> Iterator[None]:
    """Block a signal for the threads that start here, and so for all processes that they start.

    A terminal sends Ctrl-C to the workers as well, but only this process must act on it. If it
    comes now, it is delivered at the end of the context.
    """
    resource_tracker.ensure_running()  # its start would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
