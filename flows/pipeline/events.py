"""The events of broken promises, for automations."""

from collections.abc import Sequence
from functools import partial

from prefect.events import emit_event

from flows.delta import location
from flows.monitoring.alarms import News, Send
from flows.pipeline.prefect_executor import asset_key

BROKEN, RESOLVED = "keystone.promise.broken", "keystone.promise.resolved"
"""The names of the events; their resource is the asset of the table where the cause is."""


def emitter(lake: str) -> Send:
    """Return a function that emits an event for each of the news of a lake."""
    return partial(_emit, lake)


def _emit(lake: str, news: Sequence[News]) -> None:
    for each in news:
        incident = each.incident
        emit_event(
            BROKEN if each.broken else RESOLVED,
            resource={
                "prefect.resource.id": asset_key(location(lake, incident.cause)),
                "prefect.resource.name": incident.cause,
            },
            payload={
                "promise": incident.promise,
                "cause": incident.cause,
                "rule": incident.rule,
                "since": incident.since.isoformat(),
                "state": "broken" if each.broken else "kept again",
                "message": str(each),
                "affected": list(each.broken.affected) if each.broken else [],
                "lake": lake,
            },
        )
