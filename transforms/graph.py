"""The graph of the lakehouse, read from the signatures of the table functions."""

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from inspect import isfunction
from typing import get_type_hints

from polars import LazyFrame

import transforms.gold
import transforms.silver
from contracts.contract import Bronze, Contract


class WiringError(Exception):
    """A table's contract and function do not fit together; says which, and what to do."""


@dataclass(frozen=True)
class Table:
    """A table as its function tells it: what it promises and what it is made of."""

    name: str
    contract: type[Contract]
    function: Callable[..., LazyFrame]
    inputs: dict[str, type[Contract]]
    tracked_columns: frozenset[str] = frozenset()
    """The columns that its readers are local in, beside its key: where one changes (an order gets
    another customer), its row leads a reader to the new value only, and never to the old one."""

    @property
    def source(self) -> type[Bronze] | None:
        """The bronze contract whose records the function types one by one, if it does."""
        read = list(self.inputs.values())
        return read[0] if len(read) == 1 and issubclass(read[0], Bronze) else None

    @property
    def input_names(self) -> list[str]:
        """The names of the tables that the function reads."""
        return [contract.spec().table for contract in self.inputs.values()]

    @property
    def dependencies(self) -> set[str]:
        """The names of the tables that must be there first: inputs and foreign keys."""
        return {*self.input_names} | {c.spec().table for c in self.contract.references().values()}


@cache
def tables(*functions: Callable[..., LazyFrame]) -> dict[str, Table]:
    """Return the tables that the functions make, by name, each behind those that it needs.

    Without arguments: all table functions of `transforms.silver` and `transforms.gold`, that is,
    the functions whose return annotation carries a contract.

    Raises:
        graphlib.CycleError: tables need each other in a circle.
        WiringError: a table promises what it cannot keep.
    """
    found: dict[str, Table] = {}
    for table in filter(None, map(_table, functions or _discovered())):
        for wrong in _wrong(table, found.values()):
            message = f"{table.name}: {wrong}"
            raise WiringError(message)
        found[table.name] = table
    for name, table in found.items():
        read_in = {
            column
            for reader in found.values()
            if name in reader.input_names
            for column in reader.contract.spec().incremental_key
        }
        own = table.contract.fields().keys() - set(table.contract.spec().key)
        found[name] = replace(table, tracked_columns=frozenset(read_in & own))
    order = TopologicalSorter({name: table.dependencies for name, table in found.items()})
    return {name: found[name] for name in order.static_order() if name in found}


def downstream_tables(name: str) -> set[str]:
    """Return the names of the tables that are made of a table, directly or not."""
    found: set[str] = set()
    for table in tables().values():  # each behind those that it needs
        if {name, *found} & {*table.input_names}:
            found.add(table.name)
    return found


def sources() -> list[type[Bronze]]:
    """Return the bronze contracts that the tables read, in the order of their names."""
    read = {table.source for table in tables().values() if table.source}
    return sorted(read, key=lambda contract: contract.spec().table)


def _discovered() -> Iterable[Callable[..., LazyFrame]]:
    for package in (transforms.silver, transforms.gold):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(import_module(module.name)).values():
                if isfunction(value) and value.__module__ == module.name:
                    yield value


def _wrong(table: Table, others: Iterable[Table]) -> Iterable[str]:
    """Say what a table promises that it cannot keep."""
    spec = table.contract.spec()
    named = {*spec.key, *spec.incremental_key, *spec.partition_by, *spec.sort_by}
    if unknown := sorted(named - {*table.contract.fields()}):
        yield (
            f"its contract names {', '.join(unknown)}, which is no column; correct its key, "
            f"incremental_key, partition_by or sort_by"
        )
    if not spec.key:
        yield "it has no key: say which columns no two rows share"
    elif outside := sorted({*spec.incremental_key} - {*spec.key}):
        yield (
            f"its incremental key has {', '.join(outside)}, which its key has not: an incremental "
            f"refresh could compute one key twice; add the column to the key"
        )
    yield from _wrong_records(table, others)
    yield from _wrong_sums(table)


def _wrong_records(table: Table, others: Iterable[Table]) -> Iterable[str]:
    for other in others:
        if table.source and other.source is table.source:
            yield (
                f"{other.name} is made of the same records, and the broken ones can wait for one "
                f"table only; let this one read {other.name}"
            )
    if table.source and table.contract.spec().layer == "silver" and table.contract.references():
        yield "foreign keys are held by tables of gold; say `looked_up_in`, or nothing"


def _wrong_sums(table: Table) -> Iterable[str]:
    incremental_key, fields = table.contract.spec().incremental_key, table.contract.fields()
    for column, (of, _) in table.contract.sums().items():
        read = of.spec().table
        if of not in table.inputs.values():
            yield f"{column} sums {read}, which its function does not read"
        elif lacking := sorted({*incremental_key} - {*of.fields()}):
            yield (
                f"{column} sums {read}, which has no column {', '.join(lacking)} of the "
                f"incremental key: an incremental refresh could not compare the sums"
            )
        if fields[column].is_float():
            yield f"{column} is to add up exactly, and a {fields[column]} never does"


def _table(function: Callable[..., LazyFrame]) -> Table | None:
    promised = {
        name: hint.__metadata__[0]
        for name, hint in get_type_hints(function, include_extras=True).items()
        if hasattr(hint, "__metadata__")
    }
    contract = promised.pop("return", None)
    if contract is None:
        return None
    return Table(contract.spec().table, contract, function, promised)
