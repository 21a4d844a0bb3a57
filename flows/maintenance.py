"""The flow `maintain`: every table of a lake kept in good order."""

from datetime import timedelta
from typing import Annotated

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact
from pydantic import Field

from flows.config.prefect_server import flow
from flows.config.settings import MAX_RETENTION_DAYS, resolve_location
from flows.delta.optimize import Optimized, optimize_table
from flows.delta.outcome import RunFailedError
from flows.delta.status import existing_tables
from flows.pipeline.tasks import failure_line, read_only_task, retry_options
from flows.storage.filesystem import check_access
from flows.storage.locations import check_disjoint


@flow
def maintain(
    lake: str | None = None, keep_days: Annotated[int, Field(ge=1, le=MAX_RETENTION_DAYS)] = 7
) -> list[Optimized]:
    """Put small files together, make checkpoints, and delete files that no kept version has.

    Other flows may run meanwhile. Let only one of these run at a time.

    Args:
        lake: where the tables lie; KEYSTONE_LAKE when not given.
        keep_days: days of versions that can be read and restored afterwards; 1 to 3650.

    Raises:
        NoLakeError: the lake has no tables.
        RunFailedError: a table could not be kept up; all others have been.
    """
    lake = resolve_location("lake", lake)
    check_access(lake)
    check_disjoint(lake=lake)
    names = read_only_task(lake, existing_tables)(lake)
    futures = {
        name: _task.with_options(name=name, task_run_name=name, **retry_options(lake)).submit(
            lake, name, keep_days
        )
        for name in names
    }
    states = {name: future.wait() or future.state for name, future in futures.items()}
    done = [state.result() for state in states.values() if state.is_completed()]
    create_table_artifact([each._asdict() for each in done], "maintain-tables")
    if failures := [
        failure_line(n, state) for n, state in states.items() if not state.is_completed()
    ]:
        raise RunFailedError(failures, [])
    return done


@task
def _task(lake: str, name: str, keep_days: int) -> Optimized:
    done = optimize_table(lake, name, timedelta(days=keep_days))
    get_run_logger().info(
        f"{name}: {done.folded} small files put together, {done.removed} deleted",
        extra=done._asdict(),
    )
    return done
