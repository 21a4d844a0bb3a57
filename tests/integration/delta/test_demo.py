"""The short stream at the end of the demo."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows import pipeline
from flows.cli.demo import stream_new_orders

Land = Callable[..., Path]


@pytest.mark.usefixtures("prefect_server")
def test_demo_streams_new_orders_into_gold(
    land: Land, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.run(str(land(orders=[{}], customers=[{}])), lake)
    stream_new_orders(lake)
    said = capsys.readouterr().out
    assert "300 new orders arrived through Kafka: gold.fact_orders 1 → 301" in said
    assert said.endswith("  gold.fact_orders 301 → 300\n")
