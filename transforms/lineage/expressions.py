"""The columns that an expression of a query plan reads, and how."""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from io import StringIO
from itertools import chain
from typing import Any, NamedTuple

import polars as pl

from transforms.lineage.edges import (
    NONE,
    Edges,
    Kind,
    aggregated,
    indirect,
    masked,
    transformed,
)

Json = Any
"""A part of a plan as Polars serializes it: a dict with one item, which names the kind of step."""

Columns = Mapping[str, Edges]


class UnknownStepWarning(UserWarning):
    """A step of a plan is unknown here, so all columns of its inputs count as read."""


class Reach(IntEnum):
    """The rows that a value depends on."""

    ROW = 0
    """Its own row."""
    SET = 1
    """All rows, in any order."""
    SEQUENCE = 2
    """All rows in their order."""


class Value(NamedTuple):
    """What an expression depends on."""

    edges: Edges
    reach: Reach = Reach.ROW
    is_scalar: bool = False
    """Whether it is one value for all rows."""


def evaluate(expression: Json, columns: Columns) -> Value:
    """Return what an expression without selectors depends on.

    Args:
        expression: the expression.
        columns: the edges of the columns that it may read.
    """
    if expression == "Len":
        return Value(NONE, Reach.SET, is_scalar=True)
    kind = next(iter(expression), "") if isinstance(expression, dict) else ""
    if reader := _READERS.get(kind):
        return reader(expression[kind], columns)
    return unknown_step("expression", expression, columns.values())


def expand(expression: Json, schema: Callable[[], pl.Schema]) -> dict[str, list[Json]]:
    """Return, by the name of each column that an expression gives, its expressions.

    They have no selectors any more. Usually there is one per name; a function of a selector's
    columns, such as `pl.all_horizontal`, has one per selected column.
    """
    selectors = [*_selectors(expression)]
    chosen = [_names({"Selector": selector}, schema) for selector in selectors]
    if len({len(names) for names in chosen}) > 1:
        chosen = [sorted({*chain.from_iterable(chosen)})] * len(selectors)
    variants = (
        [_replaced(expression, iter(names)) for names in zip(*chosen, strict=True)]
        if selectors
        else [expression]
    )
    names = _names(expression, schema)
    if len(names) == len(variants):
        return {name: [variant] for name, variant in zip(names, variants, strict=True)}
    return dict.fromkeys(names, variants)


def combine(values: Iterable[Value]) -> Value:
    """Return what several values depend on together; a single one is returned as it is."""
    first, *others = [*values] or [Value(NONE, is_scalar=True)]
    if not others:
        return first
    return Value(
        first.edges.union(*(value.edges for value in others)),
        max(value.reach for value in (first, *others)),
        all(value.is_scalar for value in (first, *others)),
    )


def unknown_step(what: str, step: Json, inputs: Iterable[Edges]) -> Value:
    """Warn about an unknown step, and return a value that depends on all its inputs."""
    name = next(iter(step)) if isinstance(step, dict) else step
    message = (
        f"the column lineage does not know the {what} {name} of Polars {pl.__version__}; "
        f"all columns of its inputs count as read; add it to transforms/lineage"
    )
    warnings.warn(message, UnknownStepWarning, stacklevel=2)
    return Value(transformed(NONE.union(*inputs)), Reach.SEQUENCE)


def _computed(expressions: list[Json], columns: Columns) -> Value:
    value = combine(evaluate(each, columns) for each in expressions)
    return value._replace(edges=transformed(value.edges))


def _with(value: Value, used: Value, kind: Kind) -> Value:
    """Return a value that also depends on another one in an indirect way."""
    return combine([value, used._replace(edges=indirect(used.edges, kind))])


def _column(name: Json, columns: Columns) -> Value:
    return Value(columns[name])


def _literal(_: Json, __: Columns) -> Value:
    return Value(NONE, is_scalar=True)


def _alias(part: Json, columns: Columns) -> Value:
    return evaluate(part[0], columns)


def _renamed(part: Json, columns: Columns) -> Value:
    return evaluate(part["expr"], columns)


def _cast(part: Json, columns: Columns) -> Value:
    return _computed([part["expr"]], columns)


def _binary(part: Json, columns: Columns) -> Value:
    return _computed([part["left"], part["right"]], columns)


def _ternary(part: Json, columns: Columns) -> Value:
    chosen = _computed([part["truthy"], part["falsy"]], columns)
    return _with(chosen, evaluate(part["predicate"], columns), Kind.CONDITIONAL)


def _filter(part: Json, columns: Columns) -> Value:
    kept = _with(evaluate(part["input"], columns), evaluate(part["by"], columns), Kind.FILTER)
    return kept._replace(is_scalar=False)


def _aggregate(part: Json, columns: Columns) -> Value:
    ((name, argument),) = part.items()
    is_wrapped = isinstance(argument, dict) and ("input" in argument or "expr" in argument)
    inner = argument.get("input", argument.get("expr")) if is_wrapped else argument
    value = evaluate(inner, columns)
    reach = Reach.SET if name in _UNORDERED else Reach.SEQUENCE
    return Value(aggregated(value.edges), max(value.reach, reach), is_scalar=True)


def _over(part: Json, columns: Columns) -> Value:
    value = evaluate(part["function"], columns)
    order = (part["order_by"] or [])[:1]
    if order:
        value = value._replace(reach=Reach.SET)
    for each in [*part["partition_by"], *order]:
        value = _with(value, evaluate(each, columns), Kind.WINDOW)
    return value._replace(reach=max(value.reach, Reach.SET), is_scalar=False)


def _function(part: Json, columns: Columns) -> Value:
    value = _computed(part["input"], columns)
    if part["function"] in ({"Boolean": "IsNull"}, {"Boolean": "IsNotNull"}):
        value = value._replace(edges=masked(value.edges))
    return value._replace(reach=max(value.reach, _reach(part["function"])))


def _python_function(part: Json, columns: Columns) -> Value:
    value = _computed(part["input"], columns)
    edges = masked(value.edges) if _redacts(part["function"]) else value.edges
    is_by_row = "ROW_SEPARABLE" in part["options"]["flags"]
    return Value(edges, value.reach if is_by_row else Reach.SEQUENCE)


_READERS: dict[str, Callable[[Json, Columns], Value]] = {
    "Agg": _aggregate,
    "Alias": _alias,
    "AnonymousFunction": _python_function,
    "BinaryExpr": _binary,
    "Cast": _cast,
    "Column": _column,
    "Filter": _filter,
    "Function": _function,
    "Literal": _literal,
    "Over": _over,
    "RenameAlias": _renamed,
    "Ternary": _ternary,
}


def _reach(function: Json) -> Reach:
    """Return the rows that a function reads; if it is not known, all in their order."""
    family, name, *_ = [*_words(function), "", ""]
    if {family, name} & _BY_ROW or (family in _FAMILIES_BY_ROW and name not in _NOT_BY_ROW):
        return Reach.ROW
    return Reach.SET if {family, name} & _UNORDERED else Reach.SEQUENCE


def _words(function: Json) -> Iterator[str]:
    """Yield the family and the name of a function."""
    while isinstance(function, dict) and function:
        (name, function), *_ = function.items()
        yield name
    if isinstance(function, str):
        yield function


_FAMILIES_BY_ROW = {"Boolean", "StringExpr", "TemporalExpr"}
_NOT_BY_ROW = {
    *("All", "Any", "IsDuplicated", "IsFirstDistinct", "IsLastDistinct", "IsUnique"),
    "ConcatVertical",
}
_BY_ROW = {
    *("Abs", "AsStruct", "Clip", "Coalesce", "FillNull", "MaxHorizontal", "MinHorizontal"),
    *("DateRanges", "Negate", "Replace", "ReplaceStrict", "Round", "SumHorizontal"),
}
_UNORDERED = {
    *("Count", "IsDuplicated", "IsUnique", "Max", "Mean", "Median", "Min", "NUnique", "Rank"),
    *("Std", "Sum", "Var"),
}


def _redacts(pickled: list[int]) -> bool:
    """Return whether a pickled function is that of `transforms.redaction.redact`.

    A pickle names the module and the name of a function; it does not contain its code.
    """
    return b"transforms.redaction" in bytes(pickled) and b"_redact_batch" in bytes(pickled)


def _names(expression: Json, schema: Callable[[], pl.Schema]) -> list[str]:
    parsed = pl.Expr.deserialize(StringIO(json.dumps(expression)), format="json")
    if not [*_selectors(expression)]:
        return [parsed.meta.output_name()]
    return pl.LazyFrame(schema=schema()).select(parsed).collect_schema().names()


def _selectors(expression: Json) -> Iterator[Json]:
    if isinstance(expression, dict):
        if "Selector" in expression:
            yield expression["Selector"]
            return
        expression = [*expression.values()]
    if isinstance(expression, list):
        for each in expression:
            yield from _selectors(each)


def _replaced(expression: Json, names: Iterator[str]) -> Json:
    """Replace the selectors of an expression by columns, from left to right."""
    if isinstance(expression, dict):
        if "Selector" in expression:
            return {"Column": next(names)}
        return {key: _replaced(each, names) for key, each in expression.items()}
    if isinstance(expression, list):
        return [_replaced(each, names) for each in expression]
    return expression
