"""The automations of the Prefect server: `python -m deployments.automations [--notify TYPE/NAME]`.

A second run replaces the automations, which it recognizes by their names.
"""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, NoReturn
from uuid import UUID

import typer
from httpx import TransportError
from prefect import get_client
from prefect.automations import (
    AutomationCore,
    ChangeFlowRunState,
    EventTrigger,
    Posture,
    ResourceSpecification,
    SendNotification,
)
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from flows.lakehouse import ingest, lakehouse, refresh, replay, restore
from flows.maintenance import maintain
from flows.pipeline.events import BROKEN, RESOLVED
from flows.promises import check
from flows.report import report
from flows.stream import stream

HEARTBEAT = "prefect.flow-run.heartbeat"
ENDED = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")}
SILENCE = timedelta(seconds=90)  # three heartbeats (prefect.yaml)
LONG = timedelta(hours=6)

OURS = (lakehouse, ingest, refresh, replay, restore, stream, maintain, check, report)
FLOWS = [each.name for each in OURS]
RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})
OF_OUR_FLOWS = ResourceSpecification(
    {"prefect.resource.role": "flow", "prefect.resource.name": FLOWS}
)
OF_A_CHECK = ResourceSpecification(
    {"prefect.resource.role": "flow", "prefect.resource.name": check.name}
)
DEPLOYED = ResourceSpecification(
    {"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.keystone"}
)
BATCH = ResourceSpecification(
    {"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.batch"}
)
_WHO = "; set PREFECT_API_KEY, or PREFECT_API_AUTH_STRING for a server with user and password"
POOL = ResourceSpecification({"prefect.resource.name": "keystone"})


def apply(
    notify: Annotated[
        str | None,
        typer.Option(help="Notification block for alarms, such as slack-webhook/data-platform."),
    ] = None,
) -> None:
    """Create or update the automations; those that notify people only with `--notify`."""
    if not PREFECT_API_URL.value():
        _refuse("which server? Set PREFECT_API_URL")
    try:
        with get_client(sync_client=True) as client:
            wanted = [crash_silent_runs()]
            if notify:
                wanted += notifications(_block(client, notify))
            for automation in wanted:
                typer.echo(f"{_put(client, automation)}: {automation.name}")
    except TransportError:
        _refuse(f"no Prefect server answers at {PREFECT_API_URL.value()}")
    except PrefectHTTPStatusError as error:
        code = error.response.status_code
        who = _WHO if code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} else ""
        said = f"{code} {error.response.reason_phrase}"
        _refuse(f"the Prefect server at {PREFECT_API_URL.value()} says {said}{who}")
    if not notify:
        typer.echo("No alarms were created: name a notification block with --notify TYPE/NAME.")


def crash_silent_runs() -> AutomationCore:
    """Mark a run as crashed if its process is gone; Prefect would show it as running forever."""
    return AutomationCore(
        name="keystone: crash silent runs",
        description="A run without heartbeats has lost its process or its machine.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            after={HEARTBEAT},
            expect={HEARTBEAT, *ENDED},
            match=RUNS,
            match_related=OF_OUR_FLOWS,
            for_each={"prefect.resource.id"},
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                force=False,
                message=f"No heartbeat for {SILENCE.seconds} seconds: its process is gone.",
            )
        ],
    )


def notifications(block: UUID) -> Iterator[AutomationCore]:
    """Yield the automations that notify people through a block."""
    yield AutomationCore(
        name="keystone: tell of failures",
        description="A deployed run failed or crashed.",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
            match=RUNS,
            match_related=DEPLOYED,
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ flow.name }}/{{ deployment.name }}: {{ flow_run.state.name }}",
                body="{{ flow_run.state.message }}\n{{ flow_run|ui_url }}",
            )
        ],
    )
    yield AutomationCore(
        name="keystone: tell of runs that do not end",
        description="A batch has heartbeats but does not end; later runs are cancelled or wait.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            after={"prefect.flow-run.Running"},
            expect=ENDED,
            match=RUNS,
            match_related=BATCH,
            for_each={"prefect.resource.id"},
            within=LONG,
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject=f"A batch has run for {LONG.total_seconds() / 3600:.0f} hours",
                body="It may hang: check its log and cancel it.\n{{ flow_run|ui_url }}",
            )
        ],
    )
    yield AutomationCore(
        name="keystone: tell of broken promises",
        description="A promise about freshness, volume or quarantine is broken, or kept again.",
        trigger=EventTrigger(
            posture=Posture.Reactive, expect={BROKEN, RESOLVED}, match_related=OF_A_CHECK
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject=(
                    "{{ event.payload.cause }}: the promise of {{ event.payload.promise }} is "
                    "{{ event.payload.state }}"
                ),
                body="{{ event.payload.message }}\n{{ flow_run|ui_url }}",
            )
        ],
    )
    yield AutomationCore(
        name="keystone: tell of a pool without worker",
        description="No worker polls the pool, so no scheduled run starts.",
        trigger=EventTrigger(
            posture=Posture.Reactive, expect={"prefect.work-pool.not-ready"}, match=POOL
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="The work pool {{ work_pool.name }} has no worker",
                body="Scheduled runs wait for a worker.\n{{ work_pool|ui_url }}",
            )
        ],
    )


def _block(client: SyncPrefectClient, notify: str) -> UUID:
    kind, _, name = notify.partition("/")
    if not name:
        return _refuse(f"{notify}: name a block as TYPE/NAME, such as slack-webhook/data-platform")
    try:
        block = client.read_block_document_by_name(name, kind)
    except ObjectNotFound:
        return _refuse(f"there is no block {notify}; `prefect block ls` lists the blocks")
    if not block.block_schema or "notify" not in block.block_schema.capabilities:
        return _refuse(f"{notify} cannot send notifications: name a notification block")
    return block.id


def _put(client: SyncPrefectClient, automation: AutomationCore) -> str:
    known = client.read_automations_by_name(automation.name)
    for each in known:
        client.update_automation(each.id, automation)
    if not known:
        client.create_automation(automation)
    return "updated" if known else "created"


def _refuse(why: str) -> NoReturn:
    typer.echo(f"error: {why}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(apply)
