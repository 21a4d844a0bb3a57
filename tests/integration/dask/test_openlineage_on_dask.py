"""OpenLineage events of a run on Dask: each worker sends those of its steps."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.pipeline import local_executor, run
from tests.support.openlineage import receiver
from tests.support.openlineage_settings import openlineage_settings

Land = Callable[..., Path]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_workers_send_all_events_before_they_end(land: Land, lake: str) -> None:
    with receiver() as received, openlineage_settings(OPENLINEAGE_URL=received.url):
        with local_executor("dask") as executor:
            outcomes = run(str(land(orders=[{}])), lake, executor=executor)
        assert received.invalid == []
        assert len(received.events) == 2 * (2 + len(outcomes))
        for outcome in outcomes:
            started, ended = received.of(outcome.table)
            assert (started["eventType"], ended["eventType"]) == ("START", "COMPLETE")
