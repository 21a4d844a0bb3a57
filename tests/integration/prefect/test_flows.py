"""Artifacts and assets of the flows on a Prefect server."""

import json
from typing import Any

import pytest
from prefect.client.orchestration import get_client

from flows.lakehouse import refresh
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
