"""The lag of bronze behind Kafka, in `keystone status` and in the flow's artifact."""

import json
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from typer.testing import CliRunner

from contracts.bronze import Orders
from flows import delta, stream
from flows.cli import app, main
from flows.kafka.client import KafkaSettings
from flows.kafka.topics import watermark_name

Produce = Callable[..., None]
ORDERS = "olist.orders"


@pytest.fixture
def nowhere() -> str:
    """An address where no broker listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def bronze(lake: str) -> str:
    """A lake that holds the orders of partition 1 up to offset 2."""
    table = delta.open_table(lake, Orders)
    delta.append(
        table,
        delta.scan(table).collect(),
        delta.commit_properties({watermark_name(ORDERS, 1): 2}, {}),
    )
    return lake


def status(lake: str, *arguments: str) -> Any:
    result = CliRunner().invoke(app, ["status", "--lake", lake, *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


def test_status_shows_the_lag_of_each_partition(
    bronze: str, mock_kafka: str, produce: Produce
) -> None:
    produce(ORDERS, [{}] * 5, partition=1)
    (empty, lagging, *_) = status(bronze, "--bootstrap", mock_kafka, "--json")["kafka"]
    assert empty == {
        "topic": ORDERS,
        "partition": 0,
        "stored": None,
        "end": 0,
        "lag": 0,
        "uncommitted": 0,
        "lost": "",
    }
    assert lagging == empty | {"partition": 1, "stored": 2, "end": 5, "lag": 2}


def test_status_prints_a_topic_that_ends_before_the_offset(
    bronze: str, mock_kafka: str, produce: Produce
) -> None:
    produce(ORDERS, [{}] * 1, partition=1)
    shown = status(bronze, "--bootstrap", mock_kafka)
    assert "bronze.orders" in shown
    assert "olist.orders, partition 1: the topic ends at offset 0, but bronze holds 2" in shown


def test_status_without_kafka_shows_tables_only(bronze: str) -> None:
    assert status(bronze, "--json")["kafka"] is None
    assert "partition" not in status(bronze)


def test_status_shows_the_tables_if_kafka_is_unreachable(
    bronze: str, nowhere: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    monkeypatch.setenv("KEYSTONE_KAFKA_BOOTSTRAP", nowhere)
    monkeypatch.setattr(sys, "argv", ["keystone", "status", "--lake", bronze])
    with pytest.raises(SystemExit, match="1"):
        main()
    shown = capfd.readouterr()
    assert "bronze.orders" in shown.out
    (line,) = shown.err.splitlines()
    assert line.startswith(f"error: Kafka at {nowhere} does not answer or rejects the client: ")
    assert "Connection refused" in line


@pytest.mark.usefixtures("prefect_server")
def test_the_stream_flow_updates_one_lag_artifact(
    bronze: str,
    settings: KafkaSettings,
    produce: Produce,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    produce(ORDERS, [{}] * 5, partition=1)
    monkeypatch.setattr(stream, "_UPDATE_SECONDS", 0.0)
    monkeypatch.setenv("KEYSTONE_KAFKA_GROUP", "of the flow")
    stream.stream(bronze, settings.bootstrap)
    with get_client(sync_client=True) as client:
        found = client.request("POST", "/artifacts/filter", json={}).json()
    (artifact,) = [each for each in found if each["key"] == "stream-lag"]
    summary = "2 messages drained by this run, 0 of them corrupt; lag: 0 offsets."
    assert artifact["description"] == summary
    assert json.loads(artifact["data"])[1] == {
        "topic": ORDERS,
        "partition": 1,
        "stored": 4,
        "end": 5,
        "lag": 0,
        "uncommitted": 0,
        "lost": "",
        "rows": 2,
        "corrupt": 0,
    }
