"""The lines of docs/guides/deploy.md: a server, its deployments, and a worker with a Kafka."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer

from tests.support.prefect_stage import Stage, eventually, readme, server


@pytest.fixture(scope="session")
def kafka() -> Iterator[Producer]:
    """A producer that runs a mock broker."""
    producer = Producer({"test.mock.num.brokers": 1, "log_level": 3})
    yield producer
    del producer  # ends the broker


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server after the lines of the guide up to the worker; no schedule is active."""
    with server(tmp_path_factory.mktemp("prefect")) as stage:
        for line in readme():
            if not line.startswith(("make ", "export ")) and " start" not in line:
                if "deployment run" in line:
                    break
                stage.type(line)
        for each in stage.ask("/deployments/filter"):
            stage.ask(f"/deployments/{each['id']}/pause_deployment")
        yield stage


@pytest.fixture(scope="session")
def worker(deployed: Stage, kafka: Producer) -> Iterator[subprocess.Popen[bytes]]:
    """The worker, with that Kafka."""
    (broker,) = kafka.list_topics(timeout=10).brokers.values()
    deployed.environment["KEYSTONE_KAFKA_BOOTSTRAP"] = f"{broker.host}:{broker.port}"
    deployed.environment["KEYSTONE_DOCS_URL"] = "https://docs.example/"
    deployed.environment["KEYSTONE_OWNERS"] = '["data-platform"]'
    (line,) = [line for line in readme() if "worker start" in line]
    with deployed.running(line, "worker.log") as process:
        yield process


@pytest.fixture(scope="session")
def stage(deployed: Stage, worker: subprocess.Popen[bytes]) -> Stage:
    """The deployments with a running worker."""
    assert worker.poll() is None
    return deployed


@pytest.fixture(scope="session")
def nightly(stage: Stage) -> str:
    """The run that the scheduler planned for two o'clock, started now."""
    deployment = stage.deployment("lakehouse/nightly")["id"]
    stage.ask(f"/deployments/{deployment}/resume_deployment")
    wanted = {"deployments": {"id": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC"}
    scheduled = eventually(lambda: stage.ask("/flow_runs/filter", wanted), "nothing is scheduled")
    run: str = scheduled[0]["id"]
    assert "T02:00:00" in scheduled[0]["expected_start_time"]
    now = {"type": "SCHEDULED", "state_details": {"scheduled_time": str(datetime.now(UTC))}}
    stage.ask(f"/flow_runs/{run}/set_state", {"state": now, "force": True})
    return run
