"""The Prefect flow that maintains the tables of a lake."""

from typing import Annotated

from prefect.artifacts import create_table_artifact
from pydantic import Field

from flows import pipeline
from flows.config.limits import MAX_RETENTION_DAYS
from flows.config.prefect_server import flow
from flows.delta.optimize import Optimized
from flows.pipeline.prefect_executor import prefect_executor


@flow
def maintain(
    lake: str | None = None, keep_days: Annotated[int, Field(ge=1, le=MAX_RETENTION_DAYS)] = 7
) -> list[Optimized]:
    """Merge small files, write checkpoints, and delete files that no retained version needs.

    Other flows may run at the same time, but no second one of this flow.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        keep_days: days of versions that can be read and restored afterwards; 1 to 3650.

    Raises:
        NoLakeError: the lake has no tables.
        RunFailedError: a table failed; all others were maintained.
    """
    with prefect_executor() as executor:
        done = pipeline.maintain(lake, keep_days, executor=executor)
    create_table_artifact([each._asdict() for each in done], "maintain-tables")
    return done
