"""Build without Prefect: `python -m benchmarks.without_prefect SOURCE LAKE`.

It calls the same functions as the tasks of the flow, with the same concurrency, on plain threads.
The difference is the cost of Prefect.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.refresh.tables import refresh_table
from transforms.graph import tables


def build(source: str, lake: str, workers: int | None = None) -> None:
    """Ingest, then refresh; a thread has the name of the table that it computes."""
    files, _ = find_files(source)
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        landed = [
            pool.submit(_named, contract.spec().table, ingest_table, lake, contract, paths)
            for contract, paths in files.items()
            if paths
        ]
        for each in landed:
            each.result()
        started: dict[str, Future[Any]] = {}
        for name, table in tables().items():
            needed = [started[other] for other in table.dependencies if other in started]
            started[name] = pool.submit(_after, needed, name, refresh_table, lake, table)
        for each in started.values():
            each.result()


def _after(needed: list[Future[Any]], name: str, work: Callable[..., Any], *args: Any) -> None:
    # Tables are submitted in order, so a table that another waits for is always running.
    for each in needed:
        each.result()
    _named(name, work, *args)


def _named(name: str, work: Callable[..., Any], *args: Any) -> None:
    threading.current_thread().name = name
    work(*args)


if __name__ == "__main__":
    build(sys.argv[1], sys.argv[2])
