"""The graph of the lakehouse, read from the signatures of the table functions."""

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from inspect import isfunction
from itertools import chain
from typing import get_type_hints

from polars import LazyFrame

import transforms.gold
import transforms.silver
from contracts.contract import Bronze, Contract, Silver, TableSpec
from contracts.share import DEFAULT_SHARE
from transforms.history import history_of


class WiringError(Exception):
    """The contract and the function of a table contradict each other."""


@dataclass(frozen=True)
class Table:
    """A table: its contract, its function and its inputs."""

    name: str
    contract: type[Contract]
    function: Callable[..., LazyFrame]
    inputs: dict[str, type[Contract]]
    tracked_columns: frozenset[str] = frozenset()
    """The columns outside the key that downstream tables have in their incremental keys. If one
    changes, such as the customer of an order, downstream tables must also refresh the old value."""
    versions_of: "Table | None" = None
    """For a history table, the table of records whose history it is. Its input is then all versions
    of each record, not only the latest."""

    @property
    def source(self) -> type[Bronze] | None:
        """The bronze contract whose records the function types, or None for a derived table."""
        read = list(self.inputs.values())
        return read[0] if len(read) == 1 and issubclass(read[0], Bronze) else None

    @property
    def records(self) -> type[Bronze] | None:
        """The bronze contract whose valid records the table is computed from, if it is."""
        return self.versions_of.source if self.versions_of else self.source

    @property
    def reads(self) -> list[type[Contract]]:
        """The contracts of the tables that it reads."""
        return [*self.inputs.values(), *(self.versions_of.reads if self.versions_of else [])]

    @property
    def input_names(self) -> list[str]:
        """The names of the tables that it reads."""
        return [contract.spec().table for contract in self.reads]

    @property
    def dependencies(self) -> set[str]:
        """The names of the tables to refresh before this one: inputs and referenced tables."""
        return {*self.input_names} | {c.spec().table for c in self.contract.references().values()}


@cache
def tables(*functions: Callable[..., LazyFrame]) -> dict[str, Table]:
    """Return the tables of the functions by name, each after its dependencies.

    Without arguments, return the tables of all functions in `transforms.silver` and
    `transforms.gold` whose return annotation has a contract. A contract with `history` adds a
    second table.

    Raises:
        graphlib.CycleError: tables depend on each other in a circle.
        WiringError: the contract and the function of a table contradict each other.
    """
    found: dict[str, Table] = {}
    declared = [*filter(None, map(_table, functions or _discovered()))]
    for table in chain.from_iterable(map(_with_history, declared)):
        for contradiction in _contradictions(table, found.values()):
            message = f"{table.name}: {contradiction}"
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
    """Return the names of the tables that depend on a table, directly or indirectly."""
    found: set[str] = set()
    for table in tables().values():  # each after its dependencies
        if {name, *found} & {*table.input_names}:
            found.add(table.name)
    return found


def sources() -> list[type[Bronze]]:
    """Return the bronze contracts that the tables read, sorted by name."""
    read = {table.source for table in tables().values() if table.source}
    return sorted(read, key=lambda contract: contract.spec().table)


def contracts() -> dict[str, type[Contract]]:
    """Return the contract of every table by its name, bronze first."""
    of_sources: dict[str, type[Contract]] = {each.spec().table: each for each in sources()}
    return of_sources | {name: table.contract for name, table in tables().items()}


def _discovered() -> Iterable[Callable[..., LazyFrame]]:
    for package in (transforms.silver, transforms.gold):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(import_module(module.name)).values():
                if isfunction(value) and value.__module__ == module.name:
                    yield value


def _contradictions(table: Table, others: Iterable[Table]) -> Iterable[str]:
    """Yield the contradictions between a table's contract and its function."""
    spec = table.contract.spec()
    named = {*spec.key, *spec.incremental_key, *spec.partition_by, *spec.sort_by}
    if unknown := sorted(named - {*table.contract.fields()}):
        yield (
            f"its contract names {', '.join(unknown)}, which is not a column; correct its key, "
            f"incremental_key, partition_by or sort_by"
        )
    if not spec.key:
        yield "its contract has no key; add the columns that identify a row"
    elif outside := sorted({*spec.incremental_key} - {*spec.key}):
        yield (
            f"its incremental key has {', '.join(outside)}, which its key lacks; add it to the "
            f"key, or an incremental refresh could repeat a key"
        )
    yield from _source_contradictions(table, others)
    yield from _sum_contradictions(table)


def _source_contradictions(table: Table, others: Iterable[Table]) -> Iterable[str]:
    for other in others:
        if table.source and other.source is table.source:
            yield (
                f"{other.name} reads the same source, and the invalid records of a source belong "
                f"to one table only; read {other.name} instead"
            )
    if table.source and table.contract.spec().layer == "silver" and table.contract.references():
        yield "only tables of gold enforce foreign keys; use `looked_up_in` or remove it"
    if table.contract.spec().history and not table.source:
        yield "only tables of records have a history; remove `history`"
    if not table.source and _has_shares(table.contract.spec()):
        yield "only tables of records have shares; remove `quarantine_share` and `max_share`"


def _has_shares(spec: TableSpec) -> bool:
    return bool(spec.max_share) or spec.quarantine_share != DEFAULT_SHARE


def _sum_contradictions(table: Table) -> Iterable[str]:
    incremental_key, fields = table.contract.spec().incremental_key, table.contract.fields()
    for column, (of, _) in table.contract.sums().items():
        read = of.spec().table
        if of not in table.inputs.values():
            yield f"{column} sums {read}, which is not an input of its function; add it"
        elif lacking := sorted({*incremental_key} - {*of.fields()}):
            yield (
                f"{column} sums {read}, which has no column {', '.join(lacking)} of the "
                f"incremental key: an incremental refresh could not compare the sums"
            )
        if fields[column].is_float():
            yield f"{column} is a {fields[column]}, with inexact sums; use Money or an integer"


def _with_history(table: Table) -> Iterable[Table]:
    yield table
    latest = table.contract
    if table.source and issubclass(latest, Silver) and latest.spec().history:
        contract = latest.history()
        yield Table(
            contract.spec().table,
            contract,
            history_of(latest),
            {"versions": latest},
            versions_of=table,
        )


def _table(function: Callable[..., LazyFrame]) -> Table | None:
    annotations = {
        name: hint.__metadata__[0]
        for name, hint in get_type_hints(function, include_extras=True).items()
        if hasattr(hint, "__metadata__")
    }
    contract = annotations.pop("return", None)
    if contract is None:
        return None
    return Table(contract.spec().table, contract, function, annotations)
