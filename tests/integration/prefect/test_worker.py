"""Runs of the deployments by a real worker, as the lake and the server show them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from contracts import bronze
from flows import delta
from flows.delta.status import status
from tests.support.entities import tables_of_other_entities
from tests.support.prefect_stage import PROJECT, Stage, eventually
from transforms.graph import tables
from transforms.order_events import ENTITY_ORDER

ORDERS = 100


@pytest.fixture
def night(stage: Stage, nightly: str) -> str:
    """The nightly run, after its end."""
    assert stage.ended(nightly) == "Completed"
    return nightly


def test_a_scheduled_run_fills_the_lake(stage: Stage, night: str) -> None:
    assert stage.run(night)["auto_scheduled"]
    shown = status(stage.lake)
    assert set(tables()) <= set(shown)
    assert {name for name in tables() if not shown[name]["rows"]} == unfilled_tables()
    assert {row["lag"] for row in shown.values()} == {0}


def test_a_run_uses_the_cloned_code(stage: Stage, night: str) -> None:
    sources = {Path(line["pathname"]) for line in lines_about_tables(stage, night)}
    (source,) = sources
    assert source.parts[-3:] == ("flows", "pipeline", "prefect_executor.py")
    assert not source.is_relative_to(PROJECT)
    eventually(lambda: not source.exists(), "the clone is not deleted after the run")


def test_the_log_is_json_with_run_table_version_and_rows(stage: Stage, night: str) -> None:
    logged = lines_about_tables(stage, night)
    assert {line["table"] for line in logged} >= set(tables())
    assert all(line["version"] > 0 and line["task_run_id"] for line in logged)
    assert {line["table"] for line in logged if not line["rows"]} == unfilled_tables()


@pytest.mark.usefixtures("night")
def test_a_run_leaves_artifacts(stage: Stage) -> None:
    found = {each["key"]: each for each in stage.ask("/artifacts/latest/filter")}
    assert {"ingest-tables", "ingest-summary", "refresh-tables", "refresh-summary"} <= set(found)
    assert "gold.fact_sales" in found["refresh-summary"]["data"]
    assert stage.lake in found["refresh-summary"]["data"]


def test_a_run_is_named_after_its_deployment_and_time(stage: Stage, night: str) -> None:
    assert re.fullmatch(r"nightly \d{4}-\d\d-\d\d \d\d:\d\d", stage.run(night)["name"])


@pytest.mark.usefixtures("night")
def test_assets_name_their_owners_and_their_page(stage: Stage) -> None:
    made = events(stage, "prefect.asset.materialization.succeeded")
    (sales,) = {
        (each["resource"]["prefect.asset.url"], each["resource"]["prefect.asset.owners"])
        for each in made
        if each["resource"]["prefect.resource.name"] == "gold.fact_sales"
    }
    assert sales == ("https://docs.example/gold.fact_sales.html", '["data-platform"]')


@pytest.mark.usefixtures("night")
def test_every_table_is_a_materialised_asset(stage: Stage) -> None:
    def keys() -> dict[str, str]:
        resources = [
            each["resource"] for each in events(stage, "prefect.asset.materialization.succeeded")
        ]
        return {each["prefect.resource.name"]: each["prefect.resource.id"] for each in resources}

    # The server stores events later than the end of their run.
    eventually(lambda: keys().keys() >= set(tables()), "a table is not materialised")
    assert keys()["gold.fact_sales"] == f"file://{stage.lake}/gold/fact_sales"


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("refresh/hourly", {"rebuild": True}),
        ("replay/by-hand", {"table": "orders"}),
        ("check/every-hour", {}),
    ],
)
def test_the_other_batches_complete(stage: Stage, name: str, parameters: dict[str, Any]) -> None:
    assert stage.ended(stage.start(name, **parameters)) == "Completed"


@pytest.mark.usefixtures("night")
def test_the_stream_is_drained_until_it_has_caught_up(stage: Stage, kafka: Producer) -> None:
    before = delta.rows(delta.open_existing(stage.lake, "bronze.orders"))
    record = json.dumps(dict.fromkeys(bronze.Orders.fields().names(), "?"))
    for _ in range(ORDERS):
        kafka.produce("olist.orders", record)
    assert kafka.flush(20) == 0
    assert stage.ended(stage.start("stream/every-five-minutes")) == "Completed"
    assert delta.rows(delta.open_existing(stage.lake, "bronze.orders")) == before + ORDERS


@pytest.mark.usefixtures("night")
def test_each_file_that_arrives_starts_a_run_and_a_report_follows(stage: Stage) -> None:
    emit = ".venv/bin/prefect event emit keystone.file.landed"
    for _ in range(2):
        stage.type(f"{emit} --resource-id keystone.landing-zone.olist")
    nightly = [stage.ended(run) for run in automatic_runs(stage, "lakehouse/nightly", 2)]
    assert nightly == ["Completed"] * 2  # the second waits for the first
    # There may be another report, or one less: on SQLite the server drops events under load, and
    # then it holds back later events of the same run for 15 minutes.
    reports = {stage.ended(run) for run in automatic_runs(stage, "report/daily", 1)}
    assert reports == {"Completed"}
    found = {each["key"] for each in stage.ask("/artifacts/latest/filter")}
    assert any(key.startswith("report-") for key in found)


def automatic_runs(stage: Stage, deployment: str, count: int) -> list[str]:
    """Wait until automations have started that many runs of a deployment; return their ids."""
    wanted = {"deployments": {"id": {"any_": [stage.deployment(deployment)["id"]]}}}

    def started() -> list[str] | None:
        runs = stage.ask("/flow_runs/filter", wanted)
        ids = [run["id"] for run in runs if (run["created_by"] or {}).get("type") == "AUTOMATION"]
        return ids if len(ids) >= count else None

    return eventually(started, f"events do not start {count} runs of {deployment}")


def unfilled_tables() -> set[str]:
    """Return the tables that stay empty, because their optional file is absent."""
    return tables_of_other_entities({contract.spec().name for contract in ENTITY_ORDER})


def lines_about_tables(stage: Stage, run: str) -> list[dict[str, Any]]:
    """Return the log lines of a run about tables."""
    return [line for line in stage.logged(run) if "table" in line]


def events(stage: Stage, name: str) -> list[dict[str, Any]]:
    """Wait for events of a name, and return them."""
    wanted = {"filter": {"event": {"name": [name]}}, "limit": 50}
    return eventually(lambda: stage.ask("/events/filter", wanted)["events"], f"no {name}")
