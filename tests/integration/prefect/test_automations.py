"""The automations on a real server, with real runs and a webhook."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr

from tests.support.deliveries import deliver
from tests.support.prefect_stage import Stage, eventually, server
from tests.support.webhook import webhook

APPLY = ".venv/bin/python -m deployments.automations"


@pytest.fixture(scope="session")
def notifications(stage: Stage) -> Iterator[list[dict[str, str]]]:
    """Yield the notifications that the automations have sent since they were applied."""
    with webhook() as hook:
        with temporary_settings({PREFECT_API_URL: stage.url}):
            CustomWebhookNotificationBlock(
                name="ear",
                headers=None,
                cookies=None,
                url=f"http://127.0.0.1:{hook.port}",
                json_data={"subject": "{{subject}}", "body": "{{body}}"},
            ).save("ear")
        stage.type(f"{APPLY} --notify custom-webhook/ear")
        yield hook.received


def automations(stage: Stage) -> dict[str, Any]:
    return {each["name"]: each for each in stage.ask("/automations/filter")}


@pytest.mark.usefixtures("notifications")
def test_applying_again_creates_no_duplicates(stage: Stage) -> None:
    before = automations(stage)
    stage.type(f"{APPLY} --notify custom-webhook/ear")
    assert {name: each["id"] for name, each in automations(stage).items()} == {
        name: each["id"] for name, each in before.items()
    }
    assert stage.ask("/automations/count") == len(before)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("slack-webhook/nobody", "there is no block slack-webhook/nobody"),
        ("nobody", "nobody: name a block as TYPE/NAME"),
        ("secret/mute", "secret/mute cannot send notifications"),
    ],
)
def test_a_block_that_cannot_notify_is_refused_in_one_line(
    stage: Stage, block: str, why: str
) -> None:
    with temporary_settings({PREFECT_API_URL: stage.url}):
        Secret(value=SecretStr("not a channel")).save("mute", overwrite=True)
    said = stage.type(f"{APPLY} --notify {block} || true")
    assert said.count("\n") == 1
    assert said.startswith(f"error: {why}")


def test_a_server_may_require_authentication(tmp_path: Path) -> None:
    with server(tmp_path, PREFECT_SERVER_API_AUTH_STRING="somebody:something") as stage:
        said = stage.type(f"{APPLY} || true")
        assert said.count("\n") == 1
        assert f"{stage.url} says 401 Unauthorized" in said
        assert "PREFECT_API_AUTH_STRING" in said
        assert "created:" in stage.type(f"PREFECT_API_AUTH_STRING=somebody:something {APPLY}")


def test_automation_notifies_once_of_a_broken_promise_and_once_of_its_end(
    stage: Stage, notifications: list[dict[str, str]], lake: str
) -> None:
    subject = "bronze.orders: the promise of freshness is"
    for age in (timedelta(hours=27), timedelta()):
        deliver(lake, 1, datetime.now(UTC) - age)
        for _ in range(2):
            assert stage.ended(stage.start("check/every-hour", lake=lake)) == "Completed"
    message = eventually(
        lambda: of(notifications, f"{subject} kept again"), "no notification of its end"
    )
    assert "it was broken since" in message["body"]
    found = [each for each in notifications if each["subject"].startswith(subject)]
    assert [each["subject"] for each in found] == [f"{subject} broken", f"{subject} kept again"]
    assert "the newest record is 27 hours old, more than the 26 hours promised" in found[0]["body"]
    wanted = {"any_resource": {"id": [f"file://{lake}/bronze/orders"]}}

    def names() -> set[str]:
        return {each["event"] for each in stage.ask("/events/filter", {"filter": wanted})["events"]}

    both = {"keystone.promise.broken", "keystone.promise.resolved"}
    eventually(lambda: names() == both, "the events are not of the asset")


def test_killed_run_is_marked_as_crashed_and_notified(
    stage: Stage, worker: subprocess.Popen[bytes], notifications: list[dict[str, str]]
) -> None:
    run = stage.start("stream/follow")
    heartbeat(stage, run)
    assert stage.ended(stage.start("stream/follow")) == "Cancelled"  # another one is running
    process = stage.logged(run)[-1]["process"]
    worker.send_signal(signal.SIGSTOP)  # it would report the crash itself
    try:
        with soon(stage, "keystone: crash silent runs"):
            heartbeat(stage, run)
            os.kill(process, signal.SIGKILL)
            assert stage.run(run)["state"]["type"] == "RUNNING"
            assert stage.ended(run) == "Crashed"
    finally:
        worker.send_signal(signal.SIGCONT)
    message = eventually(
        lambda: of(notifications, "stream/follow"), "no notification names the crash"
    )
    assert message["subject"] == "stream/follow: Crashed"
    assert "No heartbeat" in message["body"]


def test_automation_notifies_of_a_batch_that_does_not_end(
    stage: Stage, notifications: list[dict[str, str]]
) -> None:
    deployment = stage.deployment("refresh/hourly")["id"]
    path, running = f"/deployments/{deployment}/create_flow_run", {"state": {"type": "RUNNING"}}
    with soon(stage, "keystone: tell of runs that do not end"):
        run = stage.ask(path, running)["id"]
        message = eventually(
            lambda: next((each for each in notifications if run in each["body"]), None),
            "no notification",
        )
    assert message["subject"] == "A batch has run for 6 hours"
    stage.ask(f"/flow_runs/{run}", method="DELETE")


@contextmanager
def soon(stage: Stage, name: str) -> Iterator[None]:
    """Shorten the time of an automation to the minimum of the server."""
    automation = automations(stage)[name]
    path, hasty = f"/automations/{automation['id']}", automation["trigger"] | {"within": 10}
    fields = ("name", "description", "enabled", "trigger", "actions")
    usual = {field: automation[field] for field in fields}
    stage.ask(path, usual | {"trigger": hasty}, method="PUT")
    try:
        yield
    finally:
        stage.ask(path, usual, method="PUT")


def heartbeat(stage: Stage, run: str) -> None:
    """Wait for the next heartbeat of a run."""
    wanted = {
        "event": {"name": ["prefect.flow-run.heartbeat"]},
        "any_resource": {"id": [f"prefect.flow-run.{run}"]},
        "occurred": {"since": str(datetime.now(UTC))},
    }
    eventually(
        lambda: stage.ask("/events/filter", {"filter": wanted})["events"], f"{run} is silent"
    )


def of(notifications: list[dict[str, str]], subject: str) -> dict[str, str] | None:
    return next((each for each in notifications if each["subject"].startswith(subject)), None)
