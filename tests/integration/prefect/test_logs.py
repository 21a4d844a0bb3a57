"""The log as JSON: metrics as fields, and nothing secret or personal."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Land = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("prefect_server")

SECRETS = {
    "KEYSTONE_KAFKA_PASSWORD": "kafka-password-not-to-be-seen",
    "AWS_ACCESS_KEY_ID": "access-key-not-to-be-seen",
    "AWS_SECRET_ACCESS_KEY": "secret-key-not-to-be-seen",
    "AWS_SESSION_TOKEN": "session-token-not-to-be-seen",
}
PERSONAL = ("maria@example.com", "(11) 91234-5678", "861.877.916-85", "Rua das Flores 1")
TEXT = "\n".join(PERSONAL)


def keystone(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with its log on the terminal; assert that it prints nothing secret."""
    log = {
        "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
        "PREFECT_LOGGING_LEVEL": "DEBUG",
    }
    done = subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **log, **SECRETS, **environment},
    )
    said = done.stdout + done.stderr
    assert [word for word in (*SECRETS.values(), *PERSONAL) if word in said] == []
    return done


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Return the lines of a log."""
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


def test_log_has_the_metrics_of_each_table_as_fields(land: Land, lake: str) -> None:
    done = keystone("ingest", "--source", str(land(orders=[{}])), "--lake", lake)
    (line,) = [line for line in lines(done) if "table" in line]
    assert (line["table"], line["version"], line["rows"]) == ("bronze.orders", 1, 1)
    assert line["flow_run_id"]
    assert line["task_run_id"]
    assert line["levelname"] == "INFO"


def test_log_has_nothing_of_the_records(land: Land, lake: str) -> None:
    review = {"review_comment_title": PERSONAL[0], "review_comment_message": TEXT}
    landing = land(
        order_reviews=[review, review | {"review_id": TEXT, "review_score": PERSONAL[1]}],
        orders=[{}, {"order_id": PERSONAL[2], "order_status": TEXT}],
        customers=[{"customer_city": PERSONAL[3]}, {"customer_state": TEXT}],
    )
    with (landing / "sellers.csv").open("w") as file:  # this one is rejected
        file.write(f"{PERSONAL[0]},{PERSONAL[1]}\n{PERSONAL[2]}\n")
    logged = lines(keystone("run", "--source", str(landing), "--lake", lake))
    quarantined = {line["table"]: line["quarantined"] for line in logged if "quarantined" in line}
    assert quarantined["silver.order_reviews"] == 1
    assert quarantined["silver.orders"] == 1
    assert any(line["levelname"] == "ERROR" for line in logged)


def test_log_of_a_rejected_stream_has_no_secret(lake: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # no process listens there
        done = keystone(
            "drain",
            "--lake",
            lake,
            KEYSTONE_KAFKA_BOOTSTRAP="{}:{}".format(*nobody.getsockname()),
            KEYSTONE_KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT",
            KEYSTONE_KAFKA_SASL_MECHANISM="PLAIN",
            KEYSTONE_KAFKA_USERNAME="keystone",
        )
    assert done.returncode == 1
    assert "rejects the client" in done.stderr
