"""The version of the code that computes a table."""

import hashlib
from collections.abc import Iterable
from functools import cache

from contracts.contract import Contract
from flows.refresh.definitions import Definition, code, contract_of, used
from transforms.graph import Table


def code_version(table: Table) -> int:
    """Return a hash of the code that computes a table; it fits the version of a Delta transaction.

    It covers the table's function, contract and inputs, the steps before and after the function,
    and every definition of `contracts` and `transforms` that these use. It ignores comments,
    docstrings, layout, descriptions and the libraries.
    """
    text = "".join(map(code, sorted(_definitions(table))))
    return _number(f"{table.input_names}{text}".replace(table.function.__module__, ""))


def columns_version(contract: type[Contract]) -> int:
    """Return a hash of what readers of a table use of its contract: key, columns and look-ups."""
    lookups = {name: target.spec().table for name, target in contract.lookups().items()}
    return _number(f"{contract.spec().key}{dict(contract.fields())}{lookups}")


_SOURCE_STEPS = (
    Definition("flows.refresh.deduplicate", "resolve_batch"),
    Definition("flows.refresh.deduplicate", "resolve_all"),
)
_DERIVED_STEPS = (Definition("flows.refresh.derived_tables", "refresh_derived_table"),)
_HISTORY_STEPS = (
    Definition("flows.refresh.history_tables", "refresh_history_table"),
    Definition("transforms.history", "history_of"),
)
_STEPS = (
    *("flows.refresh.deduplicate", "flows.refresh.derived_tables", "flows.refresh.history_tables"),
    *("flows.refresh.affected_keys", "flows.refresh.compute", "flows.refresh.write"),
)


def _definitions(table: Table) -> set[Definition]:
    declared = table.versions_of or table
    function, contract = (
        Definition(each.__module__, each.__name__)
        for each in (declared.function, declared.contract)
    )
    outside = frozenset(
        module for module in (function.module, contract.module) if not _is_in_packages(module)
    )
    found = set[Definition]()
    new = {function, contract, *_steps(table)}
    while new:
        found |= new
        new = {other for each in new for other in _followed(each, outside)} - found
    return found


def _steps(table: Table) -> Iterable[Definition]:
    if table.versions_of:
        return _HISTORY_STEPS
    return _SOURCE_STEPS if table.source else _DERIVED_STEPS


@cache
def _followed(definition: Definition, outside: frozenset[str]) -> frozenset[Definition]:
    """Return the project's definitions that one uses, also those in modules outside of it."""
    contract = contract_of(definition)
    return frozenset(
        other
        for other in used(definition)
        if (_is_in_packages(other.module) or other.module in outside)
        # A foreign key depends on the key of the other table, not on its columns and rules.
        and not (contract and (target := contract_of(other)) and not issubclass(contract, target))
    )


def _is_in_packages(module: str) -> bool:
    package = module.partition(".")[0]
    return module in _STEPS or (package in _PACKAGES and module != _DESCRIPTIONS)


_PACKAGES = ("contracts", "transforms")
_DESCRIPTIONS = "contracts.column_descriptions"


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1
