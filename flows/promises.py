"""The Prefect flow that checks the promises of contracts."""

from datetime import UTC, datetime

from prefect import get_run_logger

from flows.config.errors import NoLakeError
from flows.config.prefect_server import flow
from flows.config.settings import resolve_location
from flows.monitoring.alarms import send_alarms
from flows.monitoring.check import Check
from flows.monitoring.check import check as check_promises
from flows.pipeline.events import emitter
from flows.pipeline.prefect_executor import prefect_executor


@flow
def check(lake: str | None = None) -> list[str]:
    """Check freshness, volume and quarantine; emit an event if a promise breaks or is kept again.

    Return a line for each broken promise. A lake without tables breaks none.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.

    Raises:
        AlarmError: the lake cannot be written, so which events were emitted cannot be recorded.
        TableError: a table cannot be read.
    """
    location, now = resolve_location("lake", lake), datetime.now(UTC)
    with prefect_executor() as executor:
        found = executor.read(location, _check, location, now)
    send_alarms(location, found, now, emitter(location))
    lines = [str(each) for each in found.broken]
    for line in [*lines, found.headline()]:
        get_run_logger().info(line)
    return lines


def _check(lake: str, now: datetime) -> Check:
    try:
        return check_promises(lake, now)
    except NoLakeError:
        return Check([], 0, 0)
