"""What a run tells people."""

from flows.delta.outcome import Outcome
from flows.pipeline.summary import COLUMNS, headline, lines

DONE = Outcome("silver.sellers", version=1, rows=2000, changed=True, seconds=0.5)
UNDONE = {"silver.orders": "failed", "gold.fact_orders": "left"}


def test_a_table_that_failed_has_a_line_and_no_figures() -> None:
    assert lines([DONE], UNDONE) == [
        ["silver.sellers", "2,000", "", "", "", "", "0.50"],
        ["silver.orders", "failed", "", "", "", "", ""],
        ["gold.fact_orders", "left", "", "", "", "", ""],
    ]
    assert {len(line) for line in lines([DONE], UNDONE)} == {len(COLUMNS)}


def test_a_table_that_failed_counts_as_one_that_did_not_change() -> None:
    assert headline([DONE], UNDONE) == "1 of 3 tables changed; 0 records in quarantine."
