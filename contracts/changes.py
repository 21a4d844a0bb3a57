"""The differences between versions of the contracts, and which break readers or producers."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, NamedTuple

from contracts.describe import Description


class Verdict(StrEnum):
    """The class of a change."""

    breaking = "breaking"
    """Readers or producers must act before the change is deployed."""
    review = "review"
    """The contracts do not show whom the change affects: a person decides."""
    compatible = "compatible"
    """No action is needed."""


class Reason(NamedTuple):
    """A verdict, and why."""

    verdict: Verdict
    why: str


class Change(NamedTuple):
    """One difference between two versions of a table's contract."""

    table: str
    what: str
    """Such as "type changed: price, Int64 to Float64"."""
    verdict: Verdict
    why: str


LESS_GUARANTEED = Reason(Verdict.breaking, "readers lose a guarantee that they may rely on")
OTHER_MEANING = Reason(Verdict.breaking, "joins and comparisons of readers fail or change meaning")
MORE_DEMANDED = Reason(
    Verdict.breaking, "producers must deliver more, or their records are rejected or quarantined"
)
UNCLEAR = Reason(Verdict.review, "the code does not show whether more or fewer rows pass")
PERSONAL_DATA = Reason(Verdict.review, "a person must decide who may read the column")
MORE_GUARANTEED = Reason(Verdict.compatible, "readers get more and lose nothing")
INTERNAL = Reason(Verdict.compatible, "rows stay the same; refresh, storage or counting differs")

REASONS = (
    *(LESS_GUARANTEED, OTHER_MEANING, MORE_DEMANDED),
    *(UNCLEAR, PERSONAL_DATA),
    *(MORE_GUARANTEED, INTERNAL),
)


def changes(old: Mapping[str, Description], new: Mapping[str, Description]) -> list[Change]:
    """Return the differences between two sets of descriptions by table, in the order of tables.

    Descriptions in words do not count. A renamed thing is one that was removed and one added.
    """
    return [
        Change(table, what, *reason)
        for table in sorted(old.keys() | new.keys())
        for what, reason in _differences(old.get(table), new.get(table))
    ]


class _Fact(NamedTuple):
    """One statement of a contract; two versions are compared fact by fact."""

    kind: str
    name: str = ""
    column: str = ""


def _differences(old: Description | None, new: Description | None) -> Iterator[tuple[str, Reason]]:
    if old is None or new is None:
        yield ("table added", MORE_GUARANTEED) if new else ("table removed", LESS_GUARANTEED)
        return
    gone, came = (one["columns"].keys() - two["columns"] for one, two in ((old, new), (new, old)))
    # A removed column is one change; a new one is several if it restricts its values.
    then = {f: v for f, v in _facts(old).items() if f.column not in gone or f.kind == "column"}
    now = {f: v for f, v in _facts(new).items() if f.column not in came or f.kind not in _PLAIN}
    layer = new["table"].partition(".")[0]
    from_producers = layer == "bronze" or (layer == "silver" and not new.get("incremental_key"))
    restricted = MORE_DEMANDED if from_producers else MORE_GUARANTEED
    for fact in dict.fromkeys([*then, *now]):
        before, after = then.get(fact), now.get(fact)
        if before == after:
            continue
        if before is not None and after is not None and fact.kind == "allowed values":
            if more := [value for value in after if value not in before]:
                yield f"values allowed: {fact.name}, {_text(more)}", LESS_GUARANTEED
            if fewer := [value for value in before if value not in after]:
                yield f"values forbidden: {fact.name}, {_text(fewer)}", restricted
        elif fact.kind == "column" and before is None and layer != "bronze":
            yield _what(fact, before, after), MORE_GUARANTEED
        else:
            yield _what(fact, before, after), _reason(fact, before, after, restricted)


_PLAIN = ("type", "raw column", "look-up")
"""Facts that every column may have and that do not restrict its values."""

_ALWAYS: Mapping[str, Reason] = {
    "key": OTHER_MEANING,
    "type": OTHER_MEANING,
    "raw column": MORE_DEMANDED,
    "personal tag": PERSONAL_DATA,
    "incremental_key": INTERNAL,
    "partitioning": INTERNAL,
    "look-up": INTERNAL,
    "warning": INTERNAL,
}
"""The reason for any change of these kinds of facts."""


def _reason(fact: _Fact, before: Any, after: Any, restricted: Reason) -> Reason:
    """Return the reason for a change: readers lose what is removed, and additions restrict rows."""
    if fact.kind in _ALWAYS:
        return _ALWAYS[fact.kind]
    if after is None:
        return LESS_GUARANTEED
    if before is None:
        return restricted
    if fact.kind in _BOUNDS:
        looser = after < before if fact.kind == "lower bound" else after > before
        return LESS_GUARANTEED if looser else restricted
    return LESS_GUARANTEED if fact.kind == "reference" else UNCLEAR


def _what(fact: _Fact, before: Any, after: Any) -> str:
    how = "added" if before is None else "removed" if after is None else "changed"
    values = [_text(value) for value in (before, after) if value is not None and value is not True]
    return f"{fact.kind} {how}: {', '.join(filter(None, [fact.name, ' to '.join(values)]))}"


def _text(value: Any) -> str:
    if isinstance(value, _Bound):
        return value.text
    return f"({', '.join(map(str, value))})" if isinstance(value, list) else str(value)


def _facts(description: Description) -> dict[_Fact, Any]:
    """Return the statements of a contract, each with its value; `True` if it has no other."""
    found = {
        _Fact("key"): description["key"],
        # A table from an earlier release may carry a description without this field.
        _Fact("incremental_key"): description.get("incremental_key", []),
        _Fact("partitioning"): description["partition_by"],
    }
    for name, column in description["columns"].items():
        facts = {
            "column": True,
            "type": column["type"],
            "NOT NULL": not column.get("nullable", True),
            "raw column": column.get("source") or name,
            "reference": column.get("references"),
            "look-up": column.get("looked_up_in"),
            "sum": column.get("sums"),
            "personal tag": column.get("personal"),
            **_bounds(column.get("rules", {})),
        }
        found |= {_Fact(kind, name, name): value for kind, value in facts.items() if value}
        for rule, check in column.get("rules", {}).items():
            if check.keys() == {"allowed_values"}:
                found[_Fact("allowed values", rule, name)] = check["allowed_values"]
            elif not _BOUNDING.search(rule):
                text = ", ".join(f"{key} = {value}" for key, value in check.items())
                found[_Fact("rule", rule, name)] = text or True
    for name, rule in description["rules"].items():
        found[_Fact("warning" if rule["warning"] else "rule", name)] = rule["asks"]
    return found


_BOUNDS = ("lower bound", "upper bound")
_BOUNDING = re.compile("_is_(at_least|at_most|above|below|between)_")


class _Bound(NamedTuple):
    """A bound of a column's values; bounds sort by their position on the number line."""

    is_text: bool
    """False for numbers, which JSON holds as text if they are decimals."""
    value: Any
    beyond: bool
    """Whether it cuts just after the value (above, at most) instead of just before it."""
    text: str


def _bounds(checks: Description) -> dict[str, _Bound]:
    """Return the strictest bounds of a column, whatever checks state them."""
    lower, upper = [], []
    for name, check in checks.items():
        if _BOUNDING.search(name):
            if "min_value" in check:
                is_open = "_is_above_" in name or not check.get("include_min", True)
                lower.append(_bound(check["min_value"], "above" if is_open else "at least"))
            if "max_value" in check:
                is_open = "_is_below_" in name or not check.get("include_max", True)
                upper.append(_bound(check["max_value"], "below" if is_open else "at most"))
    bounds = {}
    if lower:
        bounds["lower bound"] = max(lower)
    if upper:
        bounds["upper bound"] = min(upper)
    return bounds


def _bound(value: Any, how: str) -> _Bound:
    beyond, text = how in {"above", "at most"}, f"{how} {value}"
    try:
        return _Bound(is_text=False, value=Decimal(value), beyond=beyond, text=text)
    except InvalidOperation:
        return _Bound(is_text=True, value=value, beyond=beyond, text=text)
