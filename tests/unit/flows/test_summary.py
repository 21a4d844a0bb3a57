"""The summary of a run."""

from dataclasses import replace

import pytest

from flows.delta.outcome import Outcome
from flows.pipeline.summary import COLUMNS, headline, lines, remarks

DONE = Outcome("silver.sellers", version=1, rows=2000, changed=True, seconds=0.5)
UNDONE = {"silver.orders": "failed", "gold.fact_orders": "left"}


def test_rows_of_a_failed_table_have_no_metrics() -> None:
    assert lines([DONE], UNDONE) == [
        ["silver.sellers", "2,000", "", "", "", "", "", "0.50"],
        ["silver.orders", "failed", "", "", "", "", "", ""],
        ["gold.fact_orders", "left", "", "", "", "", "", ""],
    ]
    assert {len(line) for line in lines([DONE], UNDONE)} == {len(COLUMNS)}


def test_a_failed_table_counts_as_unchanged() -> None:
    assert headline([DONE], UNDONE) == "1 of 3 tables changed."


def test_only_tables_with_a_quarantine_say_how_much_is_in_it() -> None:
    checked = replace(DONE, quarantine="quarantine.sellers", in_quarantine=1)
    assert headline([checked], {}) == "1 of 1 table changed; 1 record in quarantine."


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
def test_remarks_that_name_a_rule_have_the_command_that_explains_it(
    broken: dict[str, int], warned: dict[str, int], expected: list[str]
) -> None:
    outcome = replace(
        DONE, quarantined=1, quarantine="quarantine.sellers", broken_rules=broken, warnings=warned
    )
    assert remarks([outcome])[WHERE] == expected


def test_a_run_that_changes_nothing_repeats_no_older_quarantine() -> None:
    broken = {"a_is_present": 2}
    outcome = replace(DONE, changed=False, quarantined=0, broken_rules=broken, warnings=broken)
    assert not any(remarks([outcome]).values())


def test_a_reason_for_many_full_refreshes_is_said_once() -> None:
    code = "the code changed"
    outcomes = [
        replace(DONE, full_refresh_reason=code),
        replace(DONE, table="gold.dim_seller", full_refresh_reason="silver.sellers was rebuilt"),
        replace(DONE, table="silver.orders", full_refresh_reason=code),
        replace(DONE, table="silver.products"),
    ]
    assert remarks(outcomes)["Fully refreshed"] == [
        "the code changed: silver.sellers, silver.orders",
        "silver.sellers was rebuilt: gold.dim_seller",
    ]
