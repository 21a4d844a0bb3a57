"""prefect.yaml, deployed to a real server from a clone."""

import subprocess

import pytest
from prefect.exceptions import PrefectHTTPStatusError

from deployments.automations import FLOWS
from tests.support.prefect_stage import PROJECT, Stage

STARTED_BY_EVENTS = {"nightly", "daily"}
STREAM = {"lake", "bootstrap", "follow", "max_seconds", "accept_loss"}


def test_the_deployments_have_their_parameters_and_schedules(deployed: Stage) -> None:
    found = deployed.ask("/deployments/filter")
    parameters = {
        each["name"]: set(each["parameter_openapi_schema"]["properties"]) for each in found
    }
    assert parameters == {
        "nightly": {
            *("source", "lake", "archive", "as_of", "rebuild", "runner"),
            *("allow_empty", "fail_above"),
        },
        "hourly": {"lake", "rebuild", "runner", "fail_above", "accept"},
        "every-hour": {"lake"},
        "daily": {"lake", "out"},
        "weekly": {"lake", "keep_days"},
        "by-hand": {"lake", "table"},
        "every-five-minutes": STREAM,
        "follow": STREAM,
    }
    crons = {each["name"]: [s["schedule"]["cron"] for s in each["schedules"]] for each in found}
    assert crons == {
        "nightly": ["0 2 * * *"],
        "hourly": ["30 * * * *"],
        "every-hour": ["45 * * * *"],
        "daily": [],  # follows the nightly run
        "weekly": ["0 4 * * 0"],
        "by-hand": [],
        "every-five-minutes": ["*/5 * * * *"],
        "follow": [],
    }
    assert {each["name"] for each in found if each["parameters"].get("follow")} == {"follow"}
    empty = {each["name"] for each in found if each["parameters"].get("allow_empty")}
    assert empty == {"nightly"}


def test_every_schedule_has_a_slug(deployed: Stage) -> None:
    for each in deployed.ask("/deployments/filter"):
        assert [schedule["slug"] for schedule in each["schedules"]] in ([each["name"]], [])


def test_each_deployed_flow_is_watched(deployed: Stage) -> None:
    flows = {each["name"] for each in deployed.ask("/flows/filter")}
    assert flows <= {*FLOWS}


def test_each_deployment_is_tagged_and_runs_one_at_a_time(deployed: Stage) -> None:
    for each in deployed.ask("/deployments/filter"):
        assert "keystone" in each["tags"]
        assert each["global_concurrency_limit"]["limit"] == 1
        strategy = each["concurrency_options"]["collision_strategy"]
        assert strategy == ("ENQUEUE" if each["name"] in STARTED_BY_EVENTS else "CANCEL_NEW")


def test_a_run_clones_the_commit_that_was_deployed(deployed: Stage) -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    for each in deployed.ask("/deployments/filter"):
        (step,) = each["pull_steps"]
        assert step == {
            "prefect.deployments.steps.git_clone": {
                "repository": str(PROJECT),
                "commit_sha": head,
            }
        }


def test_parameters_of_a_wrong_type_are_refused(deployed: Stage) -> None:
    with pytest.raises(PrefectHTTPStatusError, match="'perhaps' is not of type 'boolean'"):
        deployed.start("stream/follow", follow="perhaps")
