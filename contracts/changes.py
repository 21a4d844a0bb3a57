"""What differs between two versions of the contracts, and whom it breaks."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from contracts.describe import Description

READERS = "readers"
"""Who query a table, or make another of it."""
SOURCES = "sources"
"""Who deliver records: what used to be accepted is rejected, or goes to quarantine."""


class Change(NamedTuple):
    """One difference between the contracts of a table."""

    table: str
    what: str
    """Such as "type changed: price, Int64 to Float64"."""
    breaks: str
    """Whom it breaks; empty when it breaks nobody."""
    why: str


def changes(old: Mapping[str, Description], new: Mapping[str, Description]) -> list[Change]:
    """Return what differs between descriptions of contracts (by table), table by table.

    Words (grain and descriptions) do not count. What is renamed was removed and added.
    """
    found = []
    for table in sorted(old.keys() | new.keys()):
        made_of = _made_of(new.get(table) or old[table])
        for subject, kind, detail in _differences(old.get(table), new.get(table)):
            breaks, why = VERDICTS.get(f"{kind} ({made_of})", VERDICTS[kind])
            what = ": ".join(filter(None, [kind, ", ".join(filter(None, [subject, detail]))]))
            found.append(Change(table, what, breaks, why))
    return found


_NO_ONE = ""

VERDICTS: Mapping[str, tuple[str, str]] = {
    "table added": (_NO_ONE, "nobody reads it yet"),
    "table removed": (READERS, "it is not brought up to its inputs any more"),
    "key changed": (READERS, "a join by the old key may find no row, or several"),
    "incremental key changed": (_NO_ONE, "only how the table is brought up to its inputs"),
    "partitioning changed": (_NO_ONE, "the same rows in other files"),
    "column added": (_NO_ONE, "who names the columns that he reads does not see it"),
    "column added (raw)": (SOURCES, "a file whose header lacks it is rejected"),
    "column with rules added": (_NO_ONE, "who names the columns that he reads does not see it"),
    "column with rules added (records)": (SOURCES, "records that break them go to quarantine"),
    "column removed": (READERS, "queries that name it fail"),
    "column removed (raw)": (READERS, "new records have it in _rescued_data only"),
    "type changed": (READERS, "comparisons and joins may fail, or mean something else"),
    "may be null": (READERS, "there was always a value"),
    "must not be null": (_NO_ONE, "there is always a value"),
    "must not be null (records)": (SOURCES, "records without a value go to quarantine"),
    "parsed from another column": (SOURCES, "records must bring that one"),
    "reference added": (_NO_ONE, "each value is found there"),
    "reference removed": (READERS, "a value need not be found there any more"),
    "look-up changed": (_NO_ONE, "only how the table is brought up to its inputs"),
    "sum added": (_NO_ONE, "it is known to add up"),
    "sum removed": (READERS, "it need not add up any more"),
    "sum changed": (READERS, "it adds up as something else does"),
    "tagged as personal": (_NO_ONE, "decide who may read it"),
    "not tagged as personal": (_NO_ONE, "decide who may read it"),
    "rule added": (_NO_ONE, "each row keeps it"),
    "rule added (records)": (SOURCES, "records that break it go to quarantine"),
    "rule removed": (READERS, "rows need not keep it any more"),
    "rule changed": (READERS, "rows may come that did not before"),
    "rule changed (records)": (f"{READERS}, {SOURCES}", "other records pass than before"),
    "more values allowed": (READERS, "who tells values apart meets a new one"),
    "fewer values allowed": (_NO_ONE, "each row has one of the others"),
    "fewer values allowed (records)": (SOURCES, "records with another go to quarantine"),
    "bounds widened": (READERS, "values may come that did not before"),
    "bounds narrowed": (_NO_ONE, "each value lies between them"),
    "bounds narrowed (records)": (SOURCES, "records beyond them go to quarantine"),
    "bounds widened and narrowed": (READERS, "values may come that did not before"),
    "bounds widened and narrowed (records)": (f"{READERS}, {SOURCES}", "other values pass"),
    "rule became a warning": (READERS, "rows that break it are kept"),
    "warning became a rule": (_NO_ONE, "each row keeps it"),
    "warning became a rule (records)": (SOURCES, "records that break it go to quarantine"),
    "warning added": (_NO_ONE, "rows that break it are counted, and kept"),
    "warning removed": (_NO_ONE, "rows are not counted any more"),
    "warning changed": (_NO_ONE, "other rows are counted"),
}
"""By kind of change (and, where that matters, what the table is made of): whom it breaks, why."""


_Difference = tuple[str, str, str]
"""Of what, which kind of change, and from what to what."""


def _made_of(description: Description) -> str:
    layer = description["table"].partition(".")[0]
    if layer == "bronze":
        return "raw"
    return "records" if layer == "silver" and not description["incremental_key"] else "tables"


def _differences(old: Description | None, new: Description | None) -> Iterator[_Difference]:
    if old is None or new is None:
        yield "", "table removed" if new is None else "table added", ""
        return
    for field, kind in _TABLE.items():
        if old[field] != new[field]:
            yield "", kind, f"({', '.join(old[field])}) to ({', '.join(new[field])})"
    yield from _of_columns(old["columns"], new["columns"])
    yield from _of_rules(old["rules"], new["rules"])


_TABLE = {
    "key": "key changed",
    "incremental_key": "incremental key changed",
    "partition_by": "partitioning changed",
}


def _of_columns(old: Description, new: Description) -> Iterator[_Difference]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield name, "column removed", ""
        elif name not in old:
            free = new[name]["nullable"] and not new[name]["rules"]
            yield name, "column added" if free else "column with rules added", ""
        else:
            yield from _of_column(name, old[name], new[name])


def _of_column(name: str, old: Description, new: Description) -> Iterator[_Difference]:
    if old["type"] != new["type"]:
        yield name, "type changed", f"{old['type']} to {new['type']}"
    if old["nullable"] != new["nullable"]:
        yield name, "may be null" if new["nullable"] else "must not be null", ""
    if old["source"] != new["source"]:
        yield name, "parsed from another column", _from_to(old["source"], new["source"])
    if old["references"] != new["references"]:
        if old["references"]:
            yield name, "reference removed", old["references"]
        if new["references"]:
            yield name, "reference added", new["references"]
    if old["looked_up_in"] != new["looked_up_in"]:
        yield name, "look-up changed", _from_to(old["looked_up_in"], new["looked_up_in"])
    then, now = old.get("sums"), new["sums"]  # older notes do not know it
    if then != now:
        how = "changed" if then and now else "added" if now else "removed"
        yield name, f"sum {how}", _from_to(then, now)
    if old["personal"] != new["personal"]:
        yield name, "tagged as personal" if new["personal"] else "not tagged as personal", ""
    yield from _of_checks(old["rules"], new["rules"])


def _of_checks(old: Description, new: Description) -> Iterator[_Difference]:
    then, now = _bounds(old), _bounds(new)
    if then and now:  # by their names, which tell the bounds, the one went and the other came
        yield from _of_bounds(then, now)
        old = {name: check for name, check in old.items() if name not in then}
        new = {name: check for name, check in new.items() if name not in now}
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            yield name, "rule removed" if after is None else "rule added", ""
        elif before.keys() == after.keys() == {_VALUES}:
            if more := [value for value in after[_VALUES] if value not in before[_VALUES]]:
                yield name, "more values allowed", ", ".join(map(str, more))
            if fewer := [value for value in before[_VALUES] if value not in after[_VALUES]]:
                yield name, "fewer values allowed", ", ".join(map(str, fewer))
        elif before != after:
            yield name, "rule changed", _from_to(_said(before), _said(after))


_VALUES = "allowed_values"


def _bounds(checks: Description) -> Description:
    """Return the checks that bound a column's values, and say of each bound whether it is open."""
    return {
        name: {
            end: (_comparable(check[end]), word in name or not check.get(closed, True))
            for end, closed, word in (
                (_LEAST, "include_min", "_is_above_"),
                (_MOST, "include_max", "_is_below_"),
            )
            if end in check
        }
        for name, check in checks.items()
        if re.search("_is_(at_least|at_most|above|below|between)_", name)
    }


def _of_bounds(old: Description, new: Description) -> Iterator[_Difference]:
    before, after = ((_tightest(each, _LEAST), _tightest(each, _MOST)) for each in (old, new))
    said = f"{', '.join(old)} to {', '.join(new)}"
    more, fewer = (
        any(_lies_beyond(*ends) for ends in zip(one, other, (1, -1), strict=True))
        for one, other in ((after, before), (before, after))
    )
    if more or fewer:
        how = " and ".join(["widened"] * more + ["narrowed"] * fewer)
        yield "", f"bounds {how}", said


_End = tuple[Any, bool]
"""A bound, and whether it is open: the bound itself lies beyond it."""


def _tightest(checks: Description, end: str) -> _End | None:
    found = [check[end] for check in checks.values() if end in check]
    if end == _LEAST:
        return max(found, default=None)
    return min(found, key=lambda each: (each[0], not each[1]), default=None)


def _lies_beyond(one: _End | None, other: _End | None, way: int) -> bool:
    """Tell whether an end lets pass what the other end (upwards 1, downwards -1) does not."""
    if other is None:
        return False
    if one is None:
        return True
    if one[0] == other[0]:
        return other[1] and not one[1]
    return bool(one[0] < other[0]) == (way == 1)


def _comparable(value: Any) -> Any:
    """Return the number that JSON has as text, an amount; times are compared as they stand."""
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


_LEAST, _MOST = "min_value", "max_value"


def _of_rules(old: Description, new: Description) -> Iterator[_Difference]:
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name, {}), new.get(name, {})
        kind = "warning" if (after or before)["warning"] else "rule"
        if not (before and after):
            yield name, f"{kind} added" if after else f"{kind} removed", ""
            continue
        if before["warning"] != after["warning"]:
            became = "rule became a warning" if after["warning"] else "warning became a rule"
            yield name, became, ""
        if before["asks"] != after["asks"]:
            yield name, f"{kind} changed", _from_to(before["asks"], after["asks"])


def _from_to(old: str | None, new: str | None) -> str:
    return " to ".join(filter(None, [old, new]))


def _said(check: Description) -> str:
    return ", ".join(f"{name} = {value}" for name, value in check.items())
