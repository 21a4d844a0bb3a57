"""A contract as plain data: stored with a table, and compared with another contract."""

import ast
import hashlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterable
from importlib import import_module
from textwrap import dedent
from typing import Any

import pandera.polars as pa
import polars as pl

import contracts
from contracts.contract import Contract
from contracts.rules import literals, rule_name
from contracts.syntax import is_docstring, parse

Description = dict[str, Any]
"""A contract as values that JSON can hold."""


def describe(contract: type[Contract]) -> Description:
    """Return a contract as plain data: the table, its columns, and the rules of whole rows.

    Each rule is the source code of its method, without comments and layout, followed by the
    constants and functions of this project that it uses. This text changes when the rule changes
    and does not depend on the current time.
    """
    spec, schema = contract.spec(), contract.to_schema()
    descriptions = contract.descriptions()
    return {
        "table": spec.table,
        "grain": contract.grain(),
        "key": list(spec.key),
        "incremental_key": list(spec.incremental_key),
        "partition_by": list(spec.partition_by),
        "columns": {
            name: _column(name, declared, descriptions[name])
            for name, declared in schema.columns.items()
        },
        "rules": {str(check.name): _rule(contract, check) for check in schema.checks},
    }


def version(description: Description) -> str:
    """Return the version of a contract: eight hexadecimal digits, a hash of its description.

    Descriptions of tables, columns and rules do not affect it.
    """
    text = json.dumps(_without_words(description), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def described() -> dict[str, Description]:
    """Return the description of every contract in the package `contracts`, by table."""
    return {contract.spec().table: describe(contract) for contract in every_contract()}


def every_contract() -> Iterable[type[Contract]]:
    """Yield the contract of every table, layer by layer."""
    for name in _modules():
        classes = filter(inspect.isclass, vars(import_module(name)).values())
        own = (found for found in classes if found.__module__ == name)
        yield from (found for found in own if issubclass(found, Contract) and found.fields())


_WORDS = ("grain", "description")
_LAYERS = ("bronze", "silver", "gold")


def _modules() -> Iterable[str]:
    """Yield the modules of the three layers.

    The package `contracts.strategies` is left out: it needs Hypothesis, which is optional.
    """
    for layer in _LAYERS:
        name = f"{contracts.__name__}.{layer}"
        yield name
        inside = getattr(import_module(name), "__path__", ())
        yield from (found.name for found in pkgutil.walk_packages(inside, f"{name}."))


def _column(name: str, declared: pa.Column, meaning: str) -> Description:
    """Describe a column; what is not declared is left out, so that a new tag changes no version."""
    tags = declared.metadata or {}
    declarable = {
        "source": tags.get("source"),
        "references": _table(tags.get("references")),
        "looked_up_in": _table(tags.get("looked_up_in")),
        "sums": _sum(tags.get("sums")),
        "personal": tags.get("personal"),
        "description": meaning,
        "rules": {
            rule_name(name, check): {
                key: _plain(value) for key, value in (check.statistics or {}).items()
            }
            for check in declared.checks
        },
    }
    return {
        "type": str(declared.dtype.type),
        "nullable": declared.nullable,
        **{key: value for key, value in declarable.items() if value},
    }


def _table(contract: type[Contract] | None) -> str | None:
    return contract.spec().table if contract else None


def _sum(sums: tuple[type[Contract], pl.Expr] | None) -> str | None:
    return f"{_plain(sums[1])} in {_table(sums[0])}" if sums else None


def _rule(contract: type[Contract], check: pa.Check) -> Description:
    predicate = inspect.unwrap(inspect.getattr_static(contract, str(check.name)).__func__)
    return {
        "asks": _source(predicate),
        "warning": bool(check.raise_warning),
        "description": check.description,
    }


def _source(function: Callable[..., Any]) -> str:
    """Return a function's body without layout and comments, and the values of names it uses."""
    definition = parse(dedent(inspect.getsource(function))).body[0]
    body = [line for line in getattr(definition, "body", []) if not is_docstring(line)]
    names = sorted({n.id for line in body for n in ast.walk(line) if isinstance(n, ast.Name)})
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    where = [f"{name} = {_value(known[name])}" for name in names if _matters(known.get(name))]
    text = "; ".join(map(ast.unparse, body)).removeprefix("return ")
    return ", where ".join([text, *where])


def _value(value: object) -> Any:
    return _source(value) if inspect.isfunction(value) else _plain(value)


def _matters(value: object) -> bool:
    """Return whether a name belongs to the rule: a constant, or a function of this project."""
    if inspect.isfunction(value):
        return value.__module__.partition(".")[0] == contracts.__name__
    return not (value is None or callable(value) or inspect.ismodule(value))


def _plain(value: object) -> Any:
    """Return a value as JSON can hold it; a closed set is sorted, as it has no order."""
    if isinstance(value, pl.Expr):
        # The text of an expression may omit the members of a set.
        return f"{value} of {[each.to_list() for each in literals(value)]}"
    if isinstance(value, tuple | list | set | frozenset):
        return sorted((_plain(each) for each in value), key=str)
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _without_words(description: Any) -> Any:
    if not isinstance(description, dict):
        return description
    return {
        name: _without_words(value)
        for name, value in description.items()
        if name not in _WORDS or isinstance(value, dict)  # a column may have such a name
    }
