"""The flow `maintain`: every table of a lake kept in good order."""

from datetime import timedelta
from typing import Annotated

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact
from pydantic import Field

from flows.config.prefect_server import flow
from flows.config.settings import MOST_DAYS, place
from flows.delta.optimize import Upkeep, keep_up
from flows.delta.outcome import RunFailedError
from flows.delta.status import existing
from flows.pipeline.tasks import look, patient, reason
from flows.storage.filesystem import reach
from flows.storage.locations import check_apart


@flow
def maintain(
    lake: str | None = None, keep_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 7
) -> list[Upkeep]:
    """Put small files together, make checkpoints, and delete files that no kept version has.

    Other flows may run meanwhile. Let only one of these run at a time.

    Args:
        lake: where the tables lie; KEYSTONE_LAKE when not given.
        keep_days: so many days of versions can be read, and restored, afterwards; 1 to `MOST_DAYS`.

    Raises:
        NoLakeError: the lake has no tables.
        RunFailedError: a table could not be kept up; all others have been.
    """
    lake = place("lake", lake)
    reach(lake)
    check_apart(lake=lake)
    names = look(lake, existing)(lake)
    futures = {
        name: _task.with_options(name=name, task_run_name=name, **patient(lake)).submit(
            lake, name, keep_days
        )
        for name in names
    }
    states = {name: future.wait() or future.state for name, future in futures.items()}
    done = [state.result() for state in states.values() if state.is_completed()]
    create_table_artifact([each._asdict() for each in done], "maintain-tables")
    if failures := [reason(n, state) for n, state in states.items() if not state.is_completed()]:
        raise RunFailedError(failures, [])
    return done


@task
def _task(lake: str, name: str, keep_days: int) -> Upkeep:
    done = keep_up(lake, name, timedelta(days=keep_days))
    get_run_logger().info(
        f"{name}: {done.folded} small files put together, {done.removed} deleted",
        extra=done._asdict(),
    )
    return done
