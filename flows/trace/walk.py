"""From a row to its records: the rows that its function reads, by input.

The wiring of the graph decides. An input with the columns of the key, or of the incremental key, is
read by their values. Another one is read by the foreign keys and lookups that refer to it, as in a
refresh. Otherwise all of its rows count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from contracts.contract import Contract
from flows.trace.compute import differing_columns, run
from flows.trace.read import read_rows, referred_keys
from flows.trace.records import find_records
from flows.trace.step import Step, chosen
from flows.trace.versions import open_input
from transforms.graph import Table, tables
from transforms.lineage import Kind, column_lineage


def walk(lake: str, root: Step, limit: int | None) -> None:
    """Follow the rows of a step to their records, and add what is found to the step.

    The inputs are read first by the whole key: the facts of a month and category, for an aggregate.
    If the function needs more than that, such as the other items of an order, they are read by the
    incremental key. A table without one is compared with all of its other rows, as in a rank: the
    step names the columns that depend on those.

    Args:
        lake: location of the tables.
        root: the step, without inputs.
        limit: the most rows of a table to follow; None to follow all. Aggregates are followed to
            their facts whatever the number of their rows, and inputs of which all rows count
            are not followed.
    """
    if not _is_followed(root, limit):
        return
    if root.table.records:
        root.records = find_records(lake, root)
        return
    root.inputs = _inputs(lake, root)
    for each in root.inputs.values():
        walk(lake, each, limit)


def needed_columns(table: Table, columns: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return, by parameter of a table's function, the columns on which some of its columns depend.

    Those that decide which rows there are count as well. Inputs that do not matter are left out.
    """
    lineage = column_lineage(table)
    wanted = {*columns, *table.contract.spec().key}
    edges = lineage.rows.union(*(lineage.columns[name] for name in wanted))
    found = {
        name: frozenset(edge.column for edge in edges if edge.table == contract.spec().table)
        for name, contract in table.inputs.items()
    }
    return {name: columns for name, columns in found.items() if columns}


def shared_key(table: Table, contract: type[Contract]) -> list[str]:
    """Return the columns of a table's key that an input has, and is computed or joined by."""
    lineage, name = column_lineage(table), contract.spec().table
    joined = {
        (edge.table, edge.column)
        for edges in lineage.columns.values()
        for edge in edges
        if edge.kind is Kind.JOIN
    }
    return [
        column
        for column in table.contract.spec().key
        if (name, column) in joined
        or any(
            (edge.table, edge.column) == (name, column) and edge.kind.is_direct
            for edge in lineage.columns[column]
        )
    ]


def _is_followed(step: Step, limit: int | None) -> bool:
    if limit is None:
        return True
    reads_only_gold = all(contract.spec().layer == "gold" for contract in step.table.reads)
    return step.where is not None and (len(step.rows) <= limit or reads_only_gold)


def _inputs(lake: str, step: Step) -> dict[str, Step]:
    """Return the steps to the inputs of a table that matter."""
    if step.rows.is_empty():
        return {}
    incremental_key = [*step.table.contract.spec().incremental_key]
    by_incremental_key = {
        name: incremental_key if {*incremental_key} <= {*contract.fields()} else []
        for name, contract in step.table.inputs.items()
    }
    by_key = {
        name: [*dict.fromkeys([*by_incremental_key[name], *shared_key(step.table, contract)])]
        for name, contract in step.table.inputs.items()
    }
    # A key has few records, so they are read once, and chosen by the whole key in memory.
    first = {
        name: (by_incremental_key if tables()[contract.spec().table].records else by_key)[name]
        for name, contract in step.table.inputs.items()
    }
    read = _read(lake, step, first)
    found = read if first == by_key else _narrowed(step, read, by_key)
    if by_key == by_incremental_key:
        return found
    _keep_contributing(step, found)
    rows = run(step.table, {name: each.rows for name, each in found.items()})
    differing = differing_columns(step, rows)
    if not differing:
        return found
    if incremental_key or len(differing) == len(step.relevant):
        return read if first == by_incremental_key else _read(lake, step, by_incremental_key)
    step.compared = tuple(differing)
    return found


def _narrowed(
    step: Step, read: Mapping[str, Step], keys: Mapping[str, list[str]]
) -> dict[str, Step]:
    """Keep those rows that were read which match the values of some key columns."""
    found = dict[str, Step]()
    for name in sorted(read, key=lambda name: not keys[name]):
        where = _where(step, found, name, keys[name])
        found[name] = replace(read[name], where=where, rows=chosen(read[name].rows, where))
    return {name: found[name] for name in read}


def _keep_contributing(step: Step, found: Mapping[str, Step]) -> None:
    """Leave out the rows of the only input that give other rows, such as those of other bands.

    Rows with other values of the incremental key do not matter to each other. So if each input row
    gets a value of its own, the function shows what each row gives alone.
    """
    spec, fields = step.table.contract.spec(), step.table.contract.fields()
    if len(found) != 1 or len(spec.incremental_key) != 1:
        return
    ((name, child),), (local,) = found.items(), spec.incremental_key
    known = [] if child.where is None else child.where.columns
    if {*spec.key} <= {*known} or local not in child.rows or fields[local] != pl.String:
        return
    others = [column for column in spec.key if column != local]
    rows = child.rows.with_row_index("_row")
    alone = run(step.table, {name: rows.with_columns(pl.col("_row").cast(pl.String).alias(local))})
    given = alone.select(*others, _row=pl.col(local).cast(pl.UInt32)).join(
        rows.select("_row", local), on="_row"
    )
    kept = given.join(step.rows, on=[*spec.key], how="semi", nulls_equal=True)
    child.rows = rows.join(kept, on="_row", how="semi", maintain_order="left").drop("_row")


def _read(lake: str, step: Step, keys: Mapping[str, list[str]]) -> dict[str, Step]:
    """Read the inputs that matter: by the values of key columns, if any, else as looked up."""
    table, found = step.table, dict[str, Step]()
    needed = needed_columns(table, step.columns)
    for name in sorted(needed, key=lambda name: not keys[name]):
        contract, where = table.inputs[name], _where(step, found, name, keys[name])
        handle = open_input(lake, contract.spec().table, step.handle)
        references = _references(table, contract)
        rows = read_rows(handle, contract, needed[name] | references, where)
        child = tables()[contract.spec().table]
        found[name] = Step(child, handle, needed[name], where, rows)
    return {name: found[name] for name in table.inputs if name in found}


def _where(
    step: Step, found: Mapping[str, Step], name: str, columns: list[str]
) -> pl.DataFrame | None:
    """Return the values by which an input is read: of key columns, if any, else as looked up."""
    if columns:
        return step.rows.select(columns).unique()
    others = ((each.table.contract, each.rows) for each in found.values())
    return referred_keys(step.table, step.rows, others, step.table.inputs[name])


def _references(reader: Table, contract: type[Contract]) -> frozenset[str]:
    """Return the columns of an input by which others are looked up: of its reader, or its own."""
    parents = [*reader.inputs.values(), *tables()[contract.spec().table].inputs.values()]
    references = {**contract.references(), **contract.lookups()}
    return frozenset(column for column, parent in references.items() if parent in parents)
