"""The shops that the stream tests send."""

from pathlib import Path

from tests.support.kafka.shops import shop


def test_a_killed_process_leaves_no_incomplete_shop(tmp_path: Path) -> None:
    half = tmp_path / "killed" / "shops" / "00000.half" / "landing"
    half.mkdir(parents=True)
    (half / "olist_orders_dataset.csv").write_text("order_id,custo")
    assert shop(tmp_path / "killed", 0) == shop(tmp_path / "whole", 0)
