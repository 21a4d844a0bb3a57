"""A lake of a local run, continued by a Prefect run and a drain at once, equals a rebuild."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from flows import lakehouse, pipeline
from flows.kafka.client import KafkaSettings
from flows.kafka.drain import drain
from flows.kafka.producer import produce
from tests.support.kafka.same_tables import batch_lake, differences
from tests.support.kafka.shops import landings, shop
from tests.support.refresh import sorted_tables


@pytest.mark.usefixtures("prefect_server")
def test_a_local_run_a_prefect_run_and_a_drain_equal_a_rebuild(
    lake: str, settings: KafkaSettings, tmp_path: Path
) -> None:
    for number in range(3):
        shop(tmp_path, number)
    local, streamed, on_prefect = map(str, landings(tmp_path))
    pipeline.run(local, lake)
    produce(streamed, settings)
    small = settings.model_copy(update={"batch_rows": 50})  # many commits during the run
    with ThreadPoolExecutor(1) as other:
        drained = other.submit(drain, lake, small)
        lakehouse.lakehouse(on_prefect, lake)
        assert sum(each.rows for each in drained.result()) > 0
    pipeline.refresh(lake)
    incremental = sorted_tables(lake)
    pipeline.refresh(lake, rebuild=True)
    for name, rows in sorted_tables(lake).items():
        assert_frame_equal(rows, incremental[name])
    batch = str(tmp_path / "batch")
    batch_lake(batch, landings(tmp_path))
    assert list(differences(lake, batch)) == []
