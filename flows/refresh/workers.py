"""Spread the work of one table over the workers of a Dask cluster, if the run uses one."""

import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_on_workers(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Do work for each item: in parallel on the cluster if this is a Dask worker, else in turn.

    Items and results are sent between processes, so they must be names, versions and metrics, never
    frames.
    """
    items = list(items)
    if len(items) == 1 or not _is_worker():
        return [work(item) for item in items]
    from distributed import worker_client

    # While this task waits, its worker takes an item. Items have priority over other tables.
    with worker_client() as client:
        return list(client.gather(client.map(work, items, pure=False, priority=1)))


class UnlikeWorkersError(Exception):
    """The workers of a cluster run different software, so their results would not match."""


def _is_worker() -> bool:
    if "distributed" not in sys.modules:  # every worker has imported it
        return False
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True
