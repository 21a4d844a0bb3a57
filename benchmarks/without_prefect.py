"""Build without Prefect: `python -m benchmarks.without_prefect SOURCE LAKE`.

It calls the functions of the flow's tasks, with the same parallelism, on plain threads. The
difference is the cost of Prefect.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flows.ingest.load import ingest_table
from flows.refresh.derived_tables import refresh_derived_table
from flows.refresh.source_tables import refresh_source_table
from transforms.graph import tables


def build(source: str, lake: str, workers: int | None = None) -> None:
    """Ingest, then refresh; a thread is named after its table."""
    files, _ = find_files(source)
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        landed = [
            pool.submit(_named, contract.spec().table, ingest_table, lake, contract, paths)
            for contract, paths in files.items()
            if paths
        ]
        for each in landed:
            each.result()
        made: dict[str, Future[Any]] = {}
        for name, table in tables().items():
            make = refresh_source_table if table.source else refresh_derived_table
            needed = [made[other] for other in table.dependencies if other in made]
            made[name] = pool.submit(_after, needed, name, make, lake, table)
        for each in made.values():
            each.result()


def _after(needed: list[Future[Any]], name: str, make: Callable[..., Any], *args: Any) -> None:
    # Tables are submitted in the order of the graph, so a task waits only for submitted ones.
    for each in needed:
        each.result()
    _named(name, make, *args)


def _named(name: str, make: Callable[..., Any], *args: Any) -> None:
    threading.current_thread().name = name
    make(*args)


if __name__ == "__main__":
    build(sys.argv[1], sys.argv[2])
