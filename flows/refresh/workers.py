"""Work of one table, spread over the workers of a Dask cluster where the run uses one."""

import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_on_workers(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Do work for each item: one after the other, or all over the cluster from a Dask worker.

    Items and results travel: let them be names, versions and metrics, never frames.
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


def _on_a_worker() -> bool:
    if "distributed" not in sys.modules:  # whoever is on a worker has it
        return False
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True
