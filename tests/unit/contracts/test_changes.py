"""The differences between two versions of a contract, and their verdicts."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.changes import (
    INTERNAL,
    LESS_GUARANTEED,
    MORE_DEMANDED,
    MORE_GUARANTEED,
    OTHER_MEANING,
    PERSONAL_DATA,
    REASONS,
    UNCLEAR,
    Reason,
    changes,
)
from contracts.describe import described, version
from tests.support.project import ROOT

PLAIN = {"type": "String", "nullable": True}
STATED = {"type": "String", "nullable": False}
DERIVED: dict[str, Any] = {
    "table": "gold.seats",
    "grain": "One row per seat.",
    "key": ["id"],
    "incremental_key": ["id"],
    "partition_by": [],
    "columns": {
        "id": STATED,
        "zip": {**PLAIN, "rules": {"zip_is_well_formed": {"pattern": "^[0-9]+$"}}},
        "status": {**STATED, "rules": {"status_is_known": {"allowed_values": ["new", "old"]}}},
        "row": {**STATED, "rules": {"row_is_at_least_0": {"min_value": 0}}},
        "seller": {**PLAIN, "references": "gold.sellers", "sums": "a in gold.sales"},
    },
    "rules": {
        "is_a_seat": {"asks": "x > 1", "warning": False, "description": None},
        "is_soft": {"asks": "x > 2", "warning": True, "description": None},
    },
}
RECORDS = {**DERIVED, "table": "silver.seats", "incremental_key": []}
BRONZE = {**DERIVED, "table": "bronze.seats", "key": [], "incremental_key": [], "rules": {}}


def edited(description: Any, path: str, value: object) -> Any:
    """Return a copy with another value at a path such as "columns/id/type"; `...` removes it."""
    copy = deepcopy(description)
    *parents, last = path.split("/")
    parent = copy
    for name in parents:
        parent = parent[name]
    if value is ...:
        del parent[last]
    else:
        parent[last] = value
    return copy


RULE = {"asks": "x > 3", "warning": False, "description": None}
ALLOWED = "columns/status/rules/status_is_known/allowed_values"
PATTERN = "columns/zip/rules/zip_is_well_formed/pattern"
SELLER = "columns/seller"
CASES: list[tuple[str, object, str, Reason]] = [
    ("key", ["id", "zip"], "key changed: (id) to (id, zip)", OTHER_MEANING),
    ("incremental_key", ["zip"], "incremental_key changed: (id) to (zip)", INTERNAL),
    ("partition_by", ["zip"], "partitioning changed: () to (zip)", INTERNAL),
    ("columns/more", PLAIN, "column added: more", MORE_GUARANTEED),
    ("columns/zip", ..., "column removed: zip", LESS_GUARANTEED),
    ("columns/id/type", "Int64", "type changed: id, String to Int64", OTHER_MEANING),
    ("columns/id/nullable", True, "NOT NULL removed: id", LESS_GUARANTEED),
    ("columns/zip/nullable", False, "NOT NULL added: zip", MORE_GUARANTEED),
    ("columns/zip/references", "gold.zips", "reference added: zip, gold.zips", MORE_GUARANTEED),
    (f"{SELLER}/references", ..., "reference removed: seller, gold.sellers", LESS_GUARANTEED),
    (
        f"{SELLER}/references",
        "gold.people",
        "reference changed: seller, gold.sellers to gold.people",
        LESS_GUARANTEED,
    ),
    (f"{SELLER}/sums", ..., "sum removed: seller, a in gold.sales", LESS_GUARANTEED),
    (
        f"{SELLER}/sums",
        "b in gold.sales",
        "sum changed: seller, a in gold.sales to b in gold.sales",
        UNCLEAR,
    ),
    ("columns/zip/sums", "a in gold.sales", "sum added: zip, a in gold.sales", MORE_GUARANTEED),
    ("columns/zip/looked_up_in", "gold.zips", "look-up added: zip, gold.zips", INTERNAL),
    ("columns/zip/personal", True, "personal tag added: zip", PERSONAL_DATA),
    ("columns/zip/rules/zip_is_new", {}, "rule added: zip_is_new", MORE_GUARANTEED),
    (
        "columns/zip/rules/zip_is_well_formed",
        ...,
        "rule removed: zip_is_well_formed, pattern = ^[0-9]+$",
        LESS_GUARANTEED,
    ),
    (
        PATTERN,
        "^.$",
        "rule changed: zip_is_well_formed, pattern = ^[0-9]+$ to pattern = ^.$",
        UNCLEAR,
    ),
    (
        ALLOWED,
        ["new", "old", "lost"],
        "values allowed: status_is_known, (lost)",
        LESS_GUARANTEED,
    ),
    (ALLOWED, ["new"], "values forbidden: status_is_known, (old)", MORE_GUARANTEED),
    ("rules/is_new", RULE, "rule added: is_new, x > 3", MORE_GUARANTEED),
    ("rules/is_a_seat", ..., "rule removed: is_a_seat, x > 1", LESS_GUARANTEED),
    ("rules/is_a_seat/asks", "x > 0", "rule changed: is_a_seat, x > 1 to x > 0", UNCLEAR),
    ("rules/is_rare", {**RULE, "warning": True}, "warning added: is_rare, x > 3", INTERNAL),
    ("rules/is_soft", ..., "warning removed: is_soft, x > 2", INTERNAL),
    ("rules/is_soft/asks", "x > 0", "warning changed: is_soft, x > 2 to x > 0", INTERNAL),
]


@pytest.mark.parametrize(("path", "value", "what", "reason"), CASES)
def test_a_change_of_a_derived_table_has_a_reason(
    path: str, value: object, what: str, reason: Reason
) -> None:
    assert found(DERIVED, edited(DERIVED, path, value)) == [(what, reason)]


@pytest.mark.parametrize(("path", "value", "what", "reason"), CASES)
def test_stricter_table_of_records_breaks_producers(
    path: str, value: object, what: str, reason: Reason
) -> None:
    if reason is MORE_GUARANTEED and not what.startswith("column added"):
        reason = MORE_DEMANDED
    old, new = RECORDS, edited(RECORDS, path, value)
    if path == "incremental_key":  # such a table no longer has one row per record
        what = "incremental_key changed: () to (zip)"
    assert found(old, new) == [(what, reason)]


def found(old: Any, new: Any) -> list[tuple[str, Reason]]:
    table = old["table"]
    differences = changes({table: old}, {table: new})
    assert {each.table for each in differences} <= {table}
    return [(each.what, Reason(each.verdict, each.why)) for each in differences]


def test_a_bronze_column_added_must_be_in_every_file() -> None:
    new = edited(BRONZE, "columns/more", PLAIN)
    assert found(BRONZE, new) == [("column added: more", MORE_DEMANDED)]


def test_new_column_of_records_breaks_producers_if_it_restricts_values() -> None:
    strict = {**STATED, "source": "MORE", "rules": {"more_is_at_least_1": {"min_value": 1}}}
    assert found(RECORDS, edited(RECORDS, "columns/more", strict)) == [
        ("column added: more", MORE_GUARANTEED),
        ("NOT NULL added: more", MORE_DEMANDED),
        ("lower bound added: more, at least 1", MORE_DEMANDED),
    ]


def test_another_raw_column_must_be_delivered() -> None:
    new = edited(RECORDS, "columns/zip/source", "ZIP")
    assert found(RECORDS, new) == [("raw column changed: zip, zip to ZIP", MORE_DEMANDED)]


CHECKS: dict[str, dict[str, object]] = {
    "at_least_0": {"min_value": 0},
    "at_least_0.01": {"min_value": "0.01"},
    "at_least_-1": {"min_value": -1},
    "at_least_1": {"min_value": 1},
    "above_0": {"min_value": 0},
    "below_9": {"max_value": 9},
    "at_most_9": {"max_value": 9},
    "at_most_10": {"max_value": "10"},
    "between_0_and_9": {"min_value": 0, "max_value": 9, "include_min": True, "include_max": True},
    "between_0_and_9_without_9": {"min_value": 0, "max_value": 9, "include_max": False},
}
BOUNDS = [
    ("at_least_0", "at_least_1", "lower bound changed: row, at least 0 to at least 1", True),
    ("at_least_0", "at_least_0.01", "lower bound changed: row, at least 0 to at least 0.01", True),
    ("at_least_0", "at_least_-1", "lower bound changed: row, at least 0 to at least -1", False),
    ("at_least_0", "above_0", "lower bound changed: row, at least 0 to above 0", True),
    ("above_0", "at_least_1", "lower bound changed: row, above 0 to at least 1", True),
    ("above_0", "at_least_0", "lower bound changed: row, above 0 to at least 0", False),
    ("below_9", "at_most_9", "upper bound changed: row, below 9 to at most 9", False),
    ("at_most_9", "at_most_10", "upper bound changed: row, at most 9 to at most 10", False),
    ("at_most_9", "below_9", "upper bound changed: row, at most 9 to below 9", True),
    (
        "between_0_and_9",
        "between_0_and_9_without_9",
        "upper bound changed: row, at most 9 to below 9",
        True,
    ),
    ("at_least_0", "between_0_and_9", "upper bound added: row, at most 9", True),
    ("between_0_and_9", "at_most_9", "lower bound removed: row, at least 0", False),
]


@pytest.mark.parametrize(("before", "after", "what", "stricter"), BOUNDS)
def test_a_bound_becomes_stricter_or_looser(
    before: str, after: str, what: str, stricter: bool
) -> None:
    old, new = (
        edited(RECORDS, "columns/row/rules", {f"row_is_{name}": CHECKS[name]})
        for name in (before, after)
    )
    assert found(old, new) == [(what, MORE_DEMANDED if stricter else LESS_GUARANTEED)]


def test_the_strictest_of_several_bounds_counts() -> None:
    both = {f"row_is_{name}": CHECKS[name] for name in ("at_least_0", "at_least_1")}
    new = edited(DERIVED, "columns/row/rules", both)
    assert found(DERIVED, new) == [
        ("lower bound changed: row, at least 0 to at least 1", MORE_GUARANTEED)
    ]


def test_a_bound_of_another_type_is_compared_without_error() -> None:
    new = edited(DERIVED, "columns/row/rules", {"row_is_at_least_x": {"min_value": "x"}})
    (what, _), *others = found(DERIVED, new)
    assert (what, others) == ("lower bound changed: row, at least 0 to at least x", [])


@pytest.mark.parametrize(
    ("warning", "expected"),
    [
        (True, [("rule removed: is_a_seat, x > 1", LESS_GUARANTEED),
                ("warning added: is_a_seat, x > 1", INTERNAL)]),
        (False, [("warning removed: is_soft, x > 2", INTERNAL),
                 ("rule added: is_soft, x > 2", MORE_GUARANTEED)]),
    ],
)  # fmt: skip
def test_a_rule_and_a_warning_are_different_things(
    warning: bool, expected: list[tuple[str, Reason]]
) -> None:
    name = "is_a_seat" if warning else "is_soft"
    assert found(DERIVED, edited(DERIVED, f"rules/{name}/warning", warning)) == expected


def test_added_and_removed_tables_are_found() -> None:
    (came,) = changes({}, {"gold.seats": DERIVED})
    (went,) = changes({"gold.seats": DERIVED}, {})
    assert came == ("gold.seats", "table added", *MORE_GUARANTEED)
    assert went == ("gold.seats", "table removed", *LESS_GUARANTEED)


def test_a_description_of_an_earlier_release_lists_empty_tags() -> None:
    tags = dict.fromkeys(["source", "references", "looked_up_in", "description"])
    old = edited(DERIVED, "columns/id", {**STATED, **tags, "personal": False, "rules": {}})
    assert found(old, DERIVED) == []
    assert found(DERIVED, old) == []


def test_every_difference_is_found() -> None:
    new = edited(edited(DERIVED, "rules/is_a_seat", ...), "rules/is_soft/asks", "x > 0")
    assert [what for what, _ in found(DERIVED, new)] == [
        "rule removed: is_a_seat, x > 1",
        "warning changed: is_soft, x > 2 to x > 0",
    ]


def test_the_documentation_lists_every_reason() -> None:
    page = ROOT / "docs/concepts/contracts.md"
    rows = [row.split(" | ") for row in page.read_text().splitlines()]
    listed = [(cells[0].removeprefix("| "), cells[-1].removesuffix(" |")) for cells in rows]
    for reason in REASONS:
        assert tuple(reason) in listed


def test_changed_descriptions_are_not_a_change() -> None:
    reworded = edited(edited(DERIVED, "grain", "?"), "columns/id/description", "The number.")
    assert found(DERIVED, reworded) == []


def test_the_order_of_columns_does_not_matter() -> None:
    new = {**DERIVED, "columns": dict(reversed(DERIVED["columns"].items()))}
    assert found(DERIVED, new) == []
    assert version(new) == version(DERIVED)


EDITS = st.sampled_from([(path, value) for path, value, *_ in CASES])


@given(st.lists(EDITS, max_size=4))
def test_version_changes_only_with_the_contract(edits: list[tuple[str, Any]]) -> None:
    new = DERIVED
    for path, value in edits:
        try:
            new = edited(new, path, value)
        except KeyError:  # an earlier edit removed it
            continue
    assert (version(new) == version(DERIVED)) == (found(DERIVED, new) == [])


def test_contracts_do_not_differ_from_themselves() -> None:
    assert changes(described(), described()) == []
