"""Artifacts and assets of the flows on a Prefect server."""

import json
from threading import Event
from typing import Any

import pytest
from prefect.client.orchestration import get_client

from flows.config.prefect_server import flow
from flows.lakehouse import refresh
from flows.pipeline import execution
from flows.pipeline.execution import Results
from flows.pipeline.prefect_executor import prefect_executor
from flows.pipeline.step import Step
from transforms.graph import tables

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_artifacts_and_assets_describe_the_run(lake: str) -> None:
    refresh.with_options(flow_run_name=lake)(lake)
    with get_client(sync_client=True) as client:

        def ask(what: Any, **filters: Any) -> Any:
            return client.request("POST", what, json=filters).json()

        (run,) = ask("/flow_runs/filter", flow_runs={"name": {"any_": [lake]}})
        artifacts = ask("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run["id"]]}})
        by_key = {artifact["key"]: artifact["data"] for artifact in artifacts}
        assert set(by_key) == {"refresh-tables", "refresh-summary"}
        assert {row["table"] for row in json.loads(by_key["refresh-tables"])} == set(tables())
        assert f"{len(tables())} of {len(tables())} tables changed" in by_key["refresh-summary"]

        def materialised() -> Any:
            made = {
                "resource": {"id": [f"file://{lake}/gold/fact_sales"]},
                "event": {"name": ["prefect.asset.materialization.succeeded"]},
            }
            return ask("/events/filter", filter=made)["events"]

        # Prefect delivers events with a delay.
        (found,) = next(filter(None, (materialised() for _ in range(2000))))
        assert found["payload"]["rows"] == 0


def test_a_step_that_takes_too_long_fails_at_its_first_attempt(
    lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = list[str]()

    def hang() -> Any:
        attempts.append(lake)
        while True:
            Event().wait(0.01)

    @flow
    def hanging() -> Results[Any]:
        with prefect_executor() as executor:
            return executor.run("refresh", lake, [Step("gold.fact_sales", hang)])

    monkeypatch.setattr(execution, "STEP_TIMEOUT_SECONDS", 0.5)
    (line,) = hanging().failures
    assert line.startswith("gold.fact_sales: TaskRunTimeoutError")
    assert attempts == [lake]
