"""The status of a lake: what it reads, and what it counts."""

from pathlib import Path

from flows import pipeline
from flows.delta.restore import restore_table
from flows.delta.status import status
from tests.support.landing import Land

STATE = "seller_state_is_known"


def test_broken_rules_come_from_the_commit_and_not_from_the_quarantine(
    land: Land, lake: str
) -> None:
    pipeline.run(str(land(sellers=[{}, {"seller_state": "??"}])), lake)
    for file in (Path(lake) / "quarantine/sellers").glob("*.parquet"):
        file.unlink()
    shown = status(lake)["silver.sellers"]
    assert (shown["quarantined"], shown["broken_rules"]) == (1, {STATE: 1})


def test_broken_rules_of_a_quarantine_of_another_commit_are_counted(land: Land, lake: str) -> None:
    pipeline.run(str(land(sellers=[{"seller_state": "??"}])), lake)
    version = status(lake)["silver.sellers"]["version"]
    pipeline.run(str(land("more", sellers=[{"seller_state": "!!"}])), lake)
    restore_table(lake, "silver.sellers", version)
    shown = status(lake)["silver.sellers"]
    assert shown["figures"]["broken_rules"] == {STATE: 1}
    assert (shown["quarantined"], shown["broken_rules"]) == (2, {STATE: 2})
