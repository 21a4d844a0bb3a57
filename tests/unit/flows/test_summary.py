"""What a run tells people."""

from dataclasses import replace

import pytest

from flows.delta.outcome import Outcome
from flows.pipeline.summary import COLUMNS, headline, lines, remarks

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


WHERE = "What a rule requires, and where it is declared"


@pytest.mark.parametrize(
    ("broken", "warned", "expected"),
    [
        ({}, {}, []),
        ({"a_is_present": 0}, {}, []),
        (
            {"a_is_present": 2, "b_is_known": 1},
            {"c": 1},
            ["keystone contracts show quarantine.sellers a_is_present"],
        ),
        ({}, {"c": 0, "d": 1}, ["keystone contracts show silver.sellers d"]),
    ],
)
def test_a_run_that_names_a_rule_says_how_to_look_it_up(
    broken: dict[str, int], warned: dict[str, int], expected: list[str]
) -> None:
    outcome = replace(DONE, quarantine="quarantine.sellers", broken_rules=broken, warnings=warned)
    assert remarks([outcome])[WHERE] == expected
