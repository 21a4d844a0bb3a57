"""The event of too many quarantined records of a table, for automations."""

from prefect.assets import Asset
from prefect.events import emit_event

from flows.config.settings import Settings
from flows.delta.outcome import Outcome

EXCEEDED = "keystone.quarantine.exceeded"
"""The name of the event; its resource is the table's asset, its payload the metrics."""


def warn_of_quarantine(asset: Asset, outcome: Outcome) -> None:
    """Emit the event when more of a run's records broke a rule than KEYSTONE_QUARANTINE_SHARE."""
    if not outcome.read or not outcome.quarantined:
        return
    share, allowed = outcome.quarantined / outcome.read, Settings().quarantine_share
    if share > allowed:
        emit_event(
            EXCEEDED,
            resource={"prefect.resource.id": asset.key, "prefect.resource.name": outcome.table},
            payload={
                "table": outcome.table,
                "read": outcome.read,
                "quarantined": outcome.quarantined,
                "percent": round(100 * share, 2),
                "allowed_percent": round(100 * allowed, 2),
                "quarantine": outcome.quarantine,
                "broken_rules": dict(outcome.broken_rules),
            },
        )
