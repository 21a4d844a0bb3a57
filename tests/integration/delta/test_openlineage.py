"""OpenLineage events of real runs, received by a server that validates them."""

import json
from collections.abc import Callable
from pathlib import Path
from socket import socket
from time import monotonic
from typing import Any

import pytest

from contracts.table_check import ContractBrokenError
from flows import pipeline
from flows.config.errors import RunFailedError
from flows.delta.outcome import Outcome
from flows.pipeline import openlineage, runs
from flows.refresh.tables import refresh_table
from tests.support.openlineage import problems, receiver
from tests.support.openlineage_settings import openlineage_settings
from transforms.graph import Table, tables

Land = Callable[..., Path]
Fields = dict[str, Any]

LIMIT = 60
"""Seconds for a run of a few records, on a busy machine; the receiver would take much longer."""


def facet(event: Fields, part: str, name: str) -> Fields:
    """Return a facet of the only input or output of an event."""
    (dataset,) = event[f"{part}s"]
    return dict({**dataset["facets"], **dataset.get(f"{part}Facets", {})}[name])


def states(events: list[Fields]) -> list[str]:
    return [event["eventType"] for event in events]


def test_every_step_starts_and_completes_within_its_run(land: Land, lake: str) -> None:
    with receiver() as received, openlineage_settings(OPENLINEAGE_URL=received.url):
        outcomes = pipeline.run(str(land(orders=[{}])), lake)
    assert received.invalid == []
    assert [event["job"]["name"] for event in received.events if not event["outputs"]] == [
        *("ingest", "ingest", "refresh", "refresh")
    ]
    for outcome in outcomes:
        started, ended = received.of(outcome.table)
        assert states([started, ended]) == ["START", "COMPLETE"]
        assert started["run"]["runId"] == ended["run"]["runId"]
        parent = ended["run"]["facets"]["parent"]
        (command, _) = received.of(parent["job"]["name"])
        assert parent["run"]["runId"] == command["run"]["runId"]
        assert facet(ended, "output", "version")["datasetVersion"] == str(outcome.version)
        assert facet(ended, "output", "outputStatistics")["rowCount"] == outcome.written


def test_event_names_inputs_and_columns(land: Land, lake: str) -> None:
    with (
        receiver() as received,
        openlineage_settings(OPENLINEAGE_URL=received.url, OPENLINEAGE_NAMESPACE="shop"),
    ):
        pipeline.run(str(land(orders=[{}])), lake)
    _, ended = received.of("gold.fact_sales")
    table = tables()["gold.fact_sales"]
    assert ended["job"]["namespace"] == "shop"
    assert [(each["namespace"], each["name"]) for each in ended["inputs"]] == [
        ("file", f"{lake}/{name.replace('.', '/')}") for name in table.input_names
    ]
    assert facet(ended, "output", "symlinks")["identifiers"] == [
        {"namespace": "shop", "name": "gold.fact_sales", "type": "TABLE"}
    ]
    columns = facet(ended, "output", "schema")["fields"]
    assert [column["name"] for column in columns] == [*table.contract.fields()]
    assert columns[0]["description"] == table.contract.descriptions()["order_id"]


def test_columns_say_which_input_columns_they_depend_on(land: Land, lake: str) -> None:
    with receiver() as received, openlineage_settings(OPENLINEAGE_URL=received.url):
        pipeline.run(str(land(orders=[{}])), lake)
    _, ended = received.of("gold.fact_sales")
    found = facet(ended, "output", "columnLineage")
    assert found["fields"].keys() == tables()["gold.fact_sales"].contract.fields().keys()
    (price,) = found["fields"]["price"]["inputFields"]
    assert (price["namespace"], price["name"], price["field"]) == (
        *("file", f"{lake}/silver/order_items", "price"),
    )
    assert price["transformations"] == [{"type": "DIRECT", "subtype": "IDENTITY", "masking": False}]
    kinds = {each["transformations"][0]["type"] for each in found["dataset"]}
    assert kinds == {"INDIRECT"}


def test_rules_of_records_are_assertions_about_the_input(land: Land, lake: str) -> None:
    folder = land(order_items=[{}, {"order_item_id": "2", "price": "-1"}])
    with receiver() as received, openlineage_settings(OPENLINEAGE_URL=received.url):
        pipeline.run(str(folder), lake)
    _, ended = received.of("silver.order_items")
    assert facet(ended, "input", "dataQualityMetrics")["rowCount"] == 2
    found = {
        each["name"]: each for each in facet(ended, "input", "dataQualityAssertions")["assertions"]
    }
    broken = {name: each["actual"] for name, each in found.items() if not each["success"]}
    assert broken == {"price_is_at_least_0": "1"}
    assert found["price_is_at_least_0"]["column"] == "price"
    assert found["price_is_at_least_0"]["severity"] == "error"
    assert {"record_is_readable", "freight_value_is_a_number"} <= found.keys()


def test_maintenance_names_the_tables_with_their_versions(land: Land, lake: str) -> None:
    pipeline.run(str(land(orders=[{}])), lake)
    with receiver() as received, openlineage_settings(OPENLINEAGE_URL=received.url):
        done = pipeline.maintain(lake)
    assert received.invalid == []
    started, ended = received.of("maintain")
    assert received.events == [started, ended]
    assert states([started, ended]) == ["START", "COMPLETE"]
    assert [
        (each["facets"]["symlinks"]["identifiers"][0]["name"], int(version["datasetVersion"]))
        for each in ended["outputs"]
        for version in [each["facets"]["version"]]
    ] == [(each.table, each.version) for each in done]


def test_step_that_fails_says_why_and_so_does_its_run(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(lake: str, table: Table, **options: Any) -> Outcome:
        if table.name == "gold.dim_seller":
            message = "gold.dim_seller: 1 row breaks seller_id_is_unique"
            raise ContractBrokenError(message)
        return refresh_table(lake, table, **options)

    monkeypatch.setattr(runs, "refresh_table", fail)
    with (
        receiver() as received,
        openlineage_settings(OPENLINEAGE_URL=received.url),
        pytest.raises(RunFailedError),
    ):
        pipeline.run(str(land(orders=[{}])), lake)
    assert received.invalid == []
    assert states(received.of("gold.dim_seller")) == ["START", "FAIL"]
    assert states(received.of("refresh")) == ["START", "FAIL"]
    for job in ("gold.dim_seller", "refresh"):
        error = received.of(job)[-1]["run"]["facets"]["errorMessage"]
        assert "1 row breaks seller_id_is_unique" in error["message"]
    assert received.of("gold.fact_sales") == []


def test_events_go_to_a_file_that_the_settings_of_the_client_name(
    land: Land, lake: str, tmp_path: Path
) -> None:
    with openlineage_settings(
        OPENLINEAGE__TRANSPORT__TYPE="file",
        OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=str(tmp_path / "events.jsonl"),
        OPENLINEAGE__TRANSPORT__APPEND="true",
    ):
        pipeline.run(str(land(orders=[{}])), lake)
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert len(events) == 2 * (2 + 1 + len(tables()))
    assert [problem for event in events for problem in problems(event)] == []


def test_dead_receiver_costs_one_warning(
    land: Land, lake: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    began = monotonic()
    with openlineage_settings(OPENLINEAGE_URL=url):
        outcomes = pipeline.run(str(land(orders=[{}])), lake)
    assert monotonic() - began < LIMIT
    assert len(outcomes) == 1 + len(tables())
    (warning,) = warnings(caplog)
    assert warning.startswith("OpenLineage events are lost: ")


def test_receiver_without_answers_costs_one_warning(
    land: Land, lake: str, caplog: pytest.LogCaptureFixture
) -> None:
    began = monotonic()
    with (
        receiver(answers=False) as received,
        openlineage_settings(OPENLINEAGE_URL=received.url),
    ):
        outcomes = pipeline.run(str(land(orders=[{}])), lake)
        assert monotonic() - began < LIMIT
    assert len(outcomes) == 1 + len(tables())
    assert warnings(caplog) == ["OpenLineage events are lost: not done after 2 s. The run goes on."]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelname != "INFO"]


@pytest.mark.parametrize(
    "settings",
    [{}, {"OPENLINEAGE_URL": ""}, {"OPENLINEAGE_URL": "http://x", "OPENLINEAGE_DISABLED": "true"}],
)
def test_nothing_is_sent_without_a_receiver(
    land: Land, lake: str, settings: dict[str, str]
) -> None:
    with openlineage_settings(**settings):
        pipeline.run(str(land(orders=[{}])), lake)
        assert openlineage.sender.cache_info().currsize == 0
