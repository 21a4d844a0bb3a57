"""OpenLineage events of a run on Prefect: those of a run in threads."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows import lakehouse
from tests.support.openlineage import receiver
from tests.support.openlineage_settings import openlineage_settings

Land = Callable[..., Path]


@pytest.mark.usefixtures("prefect_server")
def test_every_task_starts_and_completes_within_its_run(land: Land, lake: str) -> None:
    with receiver() as received, openlineage_settings(OPENLINEAGE_URL=received.url):
        outcomes = lakehouse.lakehouse(str(land(orders=[{}])), lake)
    assert received.invalid == []
    assert len(received.events) == 2 * (2 + len(outcomes))
    for outcome in outcomes:
        started, ended = received.of(outcome.table)
        assert (started["eventType"], ended["eventType"]) == ("START", "COMPLETE")
        parent = ended["run"]["facets"]["parent"]
        (command, _) = received.of(parent["job"]["name"])
        assert parent["run"]["runId"] == command["run"]["runId"]
