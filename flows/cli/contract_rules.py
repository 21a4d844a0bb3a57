"""The rules of a contract, each with the line of code that declares it."""

import ast
import inspect
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import NamedTuple

import contracts
import transforms.validation
from contracts.contract import Contract
from contracts.rules import Rule, rules
from contracts.syntax import parse
from contracts.table_check import reference_rule, unique_rule
from flows.config.errors import UnknownRuleError, UnknownTableError
from flows.config.suggest import suggest
from flows.refresh.record_rules import RECORD_RULES
from transforms.graph import Table, tables


class DeclaredRule(NamedTuple):
    """A rule, what it asks, and where it is declared."""

    name: str
    kind: str
    words: str
    file: str
    line: int
    """Of the declaration: of the column, if the rule is one of its checks."""
    reads: list[str]
    """The columns that it looks at; those of the raw record have the prefix `raw.`."""


def table_named(asked: str) -> Table:
    """Return the table of a name, with or without its layer.

    Bronze keeps every record: by the name of a bronze or a quarantine table, return the table that
    checks its records.

    Raises:
        UnknownTableError: there is no such table.
    """
    known = {**tables()}
    for table in tables().values():
        if table.source:
            name = table.source.spec().name
            known |= {f"quarantine.{name}": table, f"bronze.{name}": table}
    for name, table in known.items():
        if asked.lower() in {name, name.partition(".")[2]}:
            return table
    close = suggest(asked, known)
    hint = f"nearest: {', '.join(close)}" if close else f"there are {', '.join(tables())}"
    message = f"there is no table {asked}; {hint}"
    raise UnknownTableError(message)


def declared_rules(table: Table) -> list[DeclaredRule]:
    """Return every rule that people may meet by name: of records, columns, rows and keys."""
    contract, from_records = table.contract, table.source is not None
    return [
        *(_of_records(rule) for rule in RECORD_RULES if from_records),
        *(_of_contract(rule, contract) for rule in rules(contract, typed_from_raw=from_records)),
        *_of_keys(contract),
    ]


def declared_rule(table: Table, name: str) -> DeclaredRule:
    """Return one rule of a table.

    Raises:
        UnknownRuleError: the table has no such rule.
    """
    known = {rule.name: rule for rule in declared_rules(table)}
    if name in known:
        return known[name]
    close = suggest(name, known)
    hint = (
        f"nearest: {', '.join(close)}"
        if close
        else f"`keystone contracts show {table.name}` lists them"
    )
    message = f"{table.name} has no rule {name}; {hint}"
    raise UnknownRuleError(message)


def _of_records(rule: Rule) -> DeclaredRule:
    line = _line_of_value(transforms.validation, rule.name)
    return DeclaredRule(
        rule.name, "record check", rule.description, _file(transforms.validation), line, []
    )


def _of_contract(rule: Rule, contract: type[Contract]) -> DeclaredRule:
    kind = "column check" if rule.column else "warning" if rule.warning else "rule"
    description, reads = " ".join(rule.description.split()), rule.expr.meta.root_names()
    declared = _declaration(contract, rule.column or rule.name)
    return DeclaredRule(rule.name, kind, description, *declared, list(dict.fromkeys(reads)))


def _of_keys(contract: type[Contract]) -> list[DeclaredRule]:
    key = list(contract.spec().key)
    unique = f"No two rows have the same {' and '.join(f'`{column}`' for column in key)}."
    return [
        DeclaredRule(unique_rule(contract), "key", unique, *_declaration(contract), key),
        *(
            DeclaredRule(
                reference_rule(contract, column),
                "foreign key",
                f"Each `{column}` is in {parent.spec().table}.",
                *_declaration(contract, column),
                [column],
            )
            for column, parent in contract.references().items()
        ),
    ]


def _declaration(contract: type[Contract], name: str | None = None) -> tuple[str, int]:
    """Return file and line where a contract declares a name; without a name, where it begins."""
    written = _written(contract)
    for owner in (written, *contract.__mro__[1 : contract.__mro__.index(Contract)]):
        lines, first = inspect.getsourcelines(owner)
        definition = parse(dedent("".join(lines))).body[0]
        for statement in getattr(definition, "body", []):
            if name == _name(statement) is not None:
                return _file(owner), first + statement.lineno - 1
    return _file(written), inspect.getsourcelines(written)[1]


def _written(contract: type[Contract]) -> type[Contract]:
    """Return the contract that people write: for a history, that of its records."""
    table = tables().get(contract.spec().table)
    return table.versions_of.contract if table and table.versions_of else contract


def _name(statement: ast.stmt) -> str | None:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name):
            return name
    return None


def _line_of_value(module: ModuleType, value: str) -> int:
    """Return the line where a module assigns a text to a constant."""
    for statement in parse(inspect.getsource(module)).body:
        match statement:
            case ast.Assign(value=ast.Constant(value=found)) if found == value:
                return statement.lineno
    return 1


def _file(owner: ModuleType | type[Contract]) -> str:
    path, root = Path(inspect.getsourcefile(owner) or ""), Path(contracts.__file__).parents[1]
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
