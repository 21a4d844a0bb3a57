"""A run as plain functions over an executor: threads, Prefect tasks or Dask workers.

The Prefect flows in the root of `flows` and the command line call these functions.
"""

from flows.pipeline.forget import forget
from flows.pipeline.local_executor import local_executor
from flows.pipeline.runs import ingest, maintain, refresh, replay, restore, run

__all__ = ["forget", "ingest", "local_executor", "maintain", "refresh", "replay", "restore", "run"]
