"""Every kind of change between two versions of a contract, and whom it breaks."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.changes import VERDICTS, changes
from contracts.describe import described, version

PLAIN = {
    "type": "String",
    "nullable": True,
    "source": None,
    "references": None,
    "looked_up_in": None,
    "sums": None,
    "personal": False,
    "description": None,
    "rules": {},
}
STATED = {**PLAIN, "nullable": False}
STATUS = {**STATED, "rules": {"status_is_known": {"allowed_values": ["new", "old"]}}}
ZIP = {**PLAIN, "rules": {"zip_is_well_formed": {"pattern": "^[0-9]+$"}}}
ROW = {**STATED, "rules": {"row_is_at_least_0": {"min_value": 0}}}
SEAT: dict[str, Any] = {
    "table": "gold.seats",
    "grain": "One row per seat.",
    "key": ["id"],
    "incremental_key": ["id"],
    "partition_by": [],
    "columns": {"id": STATED, "zip": ZIP, "status": STATUS, "row": ROW},
    "rules": {
        "is_a_seat": {"asks": "x > 1", "warning": False, "description": None},
        "is_soft": {"asks": "x > 2", "warning": True, "description": None},
    },
}
RECORD = {**SEAT, "table": "silver.seats", "incremental_key": []}
RAW = {**SEAT, "table": "bronze.seats", "key": [], "incremental_key": [], "rules": {}}


def edited(description: Any, path: str, value: object) -> Any:
    """A copy in which the thing at a path ("columns/id/type") is another; none: it is gone."""
    copy = deepcopy(description)
    *parents, last = path.split("/")
    place = copy
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copy


RULE = {"asks": "x > 3", "warning": False, "description": None}
ALLOWED = "columns/status/rules/status_is_known/allowed_values"
CASES: list[tuple[Any, str, Any, str, str]] = [
    (SEAT, "key", ["id", "zip"], "key changed: (id) to (id, zip)", "readers"),
    (SEAT, "incremental_key", ["zip"], "incremental key changed: (id) to (zip)", ""),
    (SEAT, "partition_by", ["zip"], "partitioning changed: () to (zip)", ""),
    (SEAT, "columns/more", PLAIN, "column added: more", ""),
    (RAW, "columns/more", PLAIN, "column added: more", "sources"),
    (SEAT, "columns/more", STATED, "column with rules added: more", ""),
    (RECORD, "columns/more", PLAIN, "column added: more", ""),
    (RECORD, "columns/more", STATED, "column with rules added: more", "sources"),
    (RECORD, "columns/more", ZIP, "column with rules added: more", "sources"),
    (SEAT, "columns/zip", ..., "column removed: zip", "readers"),
    (RAW, "columns/zip", ..., "column removed: zip", "readers"),
    (SEAT, "columns/id/type", "Int64", "type changed: id, String to Int64", "readers"),
    (SEAT, "columns/id/nullable", True, "may be null: id", "readers"),
    (SEAT, "columns/zip/nullable", False, "must not be null: zip", ""),
    (RECORD, "columns/zip/nullable", False, "must not be null: zip", "sources"),
    (RECORD, "columns/zip/source", "ZIP", "parsed from another column: zip, ZIP", "sources"),
    (SEAT, "columns/zip/references", "gold.zips", "reference added: zip, gold.zips", ""),
    (SEAT, "columns/zip/sums", "a in gold.zips", "sum added: zip, a in gold.zips", ""),
    (
        edited(SEAT, "columns/zip/sums", "a in gold.zips"),
        "columns/zip/sums",
        "b in gold.zips",
        "sum changed: zip, a in gold.zips to b in gold.zips",
        "readers",
    ),
    (SEAT, "columns/zip/looked_up_in", "gold.zips", "look-up changed: zip, gold.zips", ""),
    (SEAT, "columns/zip/personal", True, "tagged as personal: zip", ""),
    (SEAT, "columns/zip/rules/zip_is_new", {}, "rule added: zip_is_new", ""),
    (RECORD, "columns/zip/rules/zip_is_new", {}, "rule added: zip_is_new", "sources"),
    (
        SEAT,
        "columns/zip/rules/zip_is_well_formed",
        ...,
        "rule removed: zip_is_well_formed",
        "readers",
    ),
    (
        SEAT,
        "columns/zip/rules/zip_is_well_formed/pattern",
        "^.$",
        "rule changed: zip_is_well_formed, pattern = ^[0-9]+$ to pattern = ^.$",
        "readers",
    ),
    (
        SEAT,
        ALLOWED,
        ["new", "old", "lost"],
        "more values allowed: status_is_known, lost",
        "readers",
    ),
    (SEAT, ALLOWED, ["new"], "fewer values allowed: status_is_known, old", ""),
    (RECORD, ALLOWED, ["new"], "fewer values allowed: status_is_known, old", "sources"),
    (
        SEAT,
        "columns/row/rules",
        {"row_is_at_least_1": {"min_value": 1}},
        "bounds narrowed: row_is_at_least_0 to row_is_at_least_1",
        "",
    ),
    (
        RECORD,
        "columns/row/rules",
        {"row_is_at_least_0.01": {"min_value": "0.01"}},
        "bounds narrowed: row_is_at_least_0 to row_is_at_least_0.01",
        "sources",
    ),
    (
        SEAT,
        "columns/row/rules",
        {"row_is_between_0_and_9": {"min_value": 0, "max_value": 9, "include_max": True}},
        "bounds narrowed: row_is_at_least_0 to row_is_between_0_and_9",
        "",
    ),
    (
        SEAT,
        "columns/row/rules",
        {"row_is_at_least_-1": {"min_value": -1}},
        "bounds widened: row_is_at_least_0 to row_is_at_least_-1",
        "readers",
    ),
    (
        SEAT,
        "columns/row/rules",
        {"row_is_at_most_9": {"max_value": 9}},
        "bounds widened and narrowed: row_is_at_least_0 to row_is_at_most_9",
        "readers",
    ),
    (
        SEAT,
        "columns/row/rules",
        {"row_is_above_0": {"min_value": 0}},
        "bounds narrowed: row_is_at_least_0 to row_is_above_0",
        "",
    ),
    (
        RECORD,
        "columns/row/rules",
        {"row_is_between_0_and_9": {"min_value": 0, "max_value": 9, "include_min": False}},
        "bounds narrowed: row_is_at_least_0 to row_is_between_0_and_9",
        "sources",
    ),
    (
        edited(SEAT, "columns/row/rules", {"row_is_below_9": {"max_value": 9}}),
        "columns/row/rules",
        {"row_is_at_most_9": {"max_value": 9}},
        "bounds widened: row_is_below_9 to row_is_at_most_9",
        "readers",
    ),
    (
        edited(SEAT, "columns/row/rules", {"row_is_above_0": {"min_value": 0}}),
        "columns/row/rules",
        {"row_is_at_least_1": {"min_value": 1}},
        "bounds narrowed: row_is_above_0 to row_is_at_least_1",
        "",
    ),
    (SEAT, "columns/row/rules", {}, "rule removed: row_is_at_least_0", "readers"),
    (SEAT, "rules/is_new", RULE, "rule added: is_new", ""),
    (RECORD, "rules/is_new", RULE, "rule added: is_new", "sources"),
    (SEAT, "rules/is_a_seat", ..., "rule removed: is_a_seat", "readers"),
    (SEAT, "rules/is_a_seat/asks", "x > 0", "rule changed: is_a_seat, x > 1 to x > 0", "readers"),
    (
        RECORD,
        "rules/is_a_seat/asks",
        "x > 0",
        "rule changed: is_a_seat, x > 1 to x > 0",
        "readers, sources",
    ),
    (SEAT, "rules/is_a_seat/warning", True, "rule became a warning: is_a_seat", "readers"),
    (SEAT, "rules/is_soft/warning", False, "warning became a rule: is_soft", ""),
    (RECORD, "rules/is_soft/warning", False, "warning became a rule: is_soft", "sources"),
    (SEAT, "rules/is_rare", {**RULE, "warning": True}, "warning added: is_rare", ""),
    (SEAT, "rules/is_soft", ..., "warning removed: is_soft", ""),
    (SEAT, "rules/is_soft/asks", "x > 0", "warning changed: is_soft, x > 2 to x > 0", ""),
]
UNDONE = [
    (SEAT, "columns/zip/references", "gold.zips", "reference removed: zip, gold.zips", "readers"),
    (SEAT, "columns/zip/personal", True, "not tagged as personal: zip", ""),
    (SEAT, "columns/zip/sums", "a in gold.zips", "sum removed: zip, a in gold.zips", "readers"),
]


@pytest.mark.parametrize(("old", "path", "value", "what", "breaks"), CASES)
def test_each_change_is_named_and_says_whom_it_breaks(
    old: Any, path: str, value: object, what: str, breaks: str
) -> None:
    (change,) = changes({old["table"]: old}, {old["table"]: edited(old, path, value)})
    assert (change.table, change.what, change.breaks) == (old["table"], what, breaks)
    assert change.why


@pytest.mark.parametrize(("new", "path", "value", "what", "breaks"), UNDONE)
def test_what_is_taken_back_is_a_change(
    new: Any, path: str, value: object, what: str, breaks: str
) -> None:
    (change,) = changes({new["table"]: edited(new, path, value)}, {new["table"]: new})
    assert (change.what, change.breaks) == (what, breaks)


def test_tables_come_and_go() -> None:
    (came,) = changes({}, {"gold.seats": SEAT})
    (went,) = changes({"gold.seats": SEAT}, {})
    assert (came.what, came.breaks) == ("table added", "")
    assert (went.what, went.breaks) == ("table removed", "readers")


def test_another_reference_is_one_less_and_one_more() -> None:
    old = edited(SEAT, "columns/zip/references", "gold.zips")
    new = edited(SEAT, "columns/zip/references", "gold.places")
    found = changes({"gold.seats": old}, {"gold.seats": new})
    assert [change.what for change in found] == [
        "reference removed: zip, gold.zips",
        "reference added: zip, gold.places",
    ]


def test_every_change_is_found_beside_the_others() -> None:
    new = edited(edited(SEAT, "rules/is_a_seat", ...), "rules/is_soft/asks", "x > 0")
    assert [change.what for change in changes({"gold.seats": SEAT}, {"gold.seats": new})] == [
        "rule removed: is_a_seat",
        "warning changed: is_soft, x > 2 to x > 0",
    ]


def test_no_verdict_is_without_a_case() -> None:
    tried = {what.partition(":")[0] for *_, what, _ in CASES + UNDONE}
    said = {kind.partition(" (")[0] for kind in VERDICTS}
    assert said == tried | {"table added", "table removed"}


def test_the_documentation_says_each_verdict() -> None:
    page = Path(__file__).parents[2] / "docs" / "contracts.md"
    rows = page.read_text().splitlines()
    for kind, (breaks, why) in VERDICTS.items():
        assert f"| {kind} | {breaks or 'nobody'} | {why} |" in rows


def test_words_are_no_change() -> None:
    reworded = edited(edited(SEAT, "grain", "?"), "columns/id/description", "The number.")
    assert changes({"gold.seats": SEAT}, {"gold.seats": reworded}) == []


def test_the_order_of_columns_is_no_promise() -> None:
    new = {**SEAT, "columns": dict(reversed(SEAT["columns"].items()))}
    assert changes({"gold.seats": SEAT}, {"gold.seats": new}) == []
    assert version(new) == version(SEAT)


ONES = st.sampled_from([(old, path, value) for old, path, value, *_ in CASES])


@given(st.lists(ONES, max_size=4))
def test_a_version_changes_exactly_when_something_did(edits: list[tuple[Any, str, Any]]) -> None:
    new = SEAT
    for _, path, value in edits:
        try:
            new = edited(new, path, value)
        except KeyError:  # it is gone already
            continue
    same = version(new) == version(SEAT)
    assert same == (changes({"gold.seats": SEAT}, {"gold.seats": new}) == [])


def test_the_contracts_are_as_they_are() -> None:
    assert changes(described(), described()) == []
