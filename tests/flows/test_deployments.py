"""prefect.yaml on a real server."""

import subprocess
import sys
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

STREAM = {"lake", "bootstrap", "follow", "max_seconds", "accept_loss"}
PROJECT = Path(__file__).parents[2]


def prefect(*arguments: str) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)  # noqa: S603


@pytest.mark.usefixtures("prefect_server")
def test_all_deployments_are_accepted_with_their_parameters() -> None:
    prefect("work-pool", "create", "keystone", "--type", "process")
    prefect("deploy", "--all")
    with get_client(sync_client=True) as client:
        found = client.request("POST", "/deployments/filter", json={}).json()
    parameters = {
        each["name"]: set(each["parameter_openapi_schema"]["properties"]) for each in found
    }
    assert parameters == {
        "nightly": {"source", "lake", "archive", "as_of", "rebuild", "runner"},
        "hourly": {"lake", "rebuild", "runner"},
        "by-hand": {"lake", "table"},
        "every-five-minutes": STREAM,
        "follow": STREAM,
    }
    assert all(each["enforce_parameter_schema"] for each in found)
    assert {each["name"] for each in found if each["parameters"].get("follow")} == {"follow"}
