"""The flow `maintain`: maintenance of every table of a lake."""

from typing import Annotated

from prefect.artifacts import create_table_artifact
from pydantic import Field

from flows.config.plural import pluralize
from flows.config.prefect_server import flow
from flows.config.settings import MAX_RETENTION_DAYS, resolve_location
from flows.delta.optimize import Optimized, optimize_table
from flows.delta.outcome import RunFailedError
from flows.delta.table_names import existing_tables
from flows.pipeline.tasks import failure_line, read_only_task, retry_options
from flows.storage.filesystem import check_access
from flows.storage.locations import check_disjoint


@flow
def maintain(
    lake: str | None = None, keep_days: Annotated[int, Field(ge=1, le=MAX_RETENTION_DAYS)] = 7
) -> list[Optimized]:
    """Compact small files, write checkpoints, and delete files that no retained version uses.

    Other flows may run meanwhile, but only one `maintain` at a time.

    Args:
        lake: location of the tables; KEYSTONE_LAKE by default.
        keep_days: number of days whose versions stay readable and restorable; 1 to 3650.

    Raises:
        NoLakeError: the lake has no tables.
        RunFailedError: the maintenance of a table failed; all others are done.
    """
    with prefect_executor() as executor:
        done = pipeline.maintain(lake, keep_days, executor=executor)
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
        f"{name}: compacted {pluralize(done.compacted, 'small file')}, deleted {done.deleted}",
        extra=done._asdict(),
    )
    return done
