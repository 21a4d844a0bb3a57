"""Tables that are made of other tables: what an input's change affects is computed and checked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from contracts.contract import Contract
from contracts.reconcile import reconcile
from contracts.table_check import ContractBrokenError, check_table
from flows import delta
from flows.config.settings import Settings
from flows.delta import data_files
from flows.delta.contract_metadata import is_current
from flows.delta.damage import translates_damage
from flows.delta.data_files import Written
from flows.delta.holds import held_since
from flows.delta.log_check import DamagedTableError
from flows.delta.merge import merge_rows
from flows.delta.outcome import Outcome
from flows.refresh.change_detection import RefreshScope, detect_changes, unchanged_outcome
from flows.refresh.chunks import chunks
from flows.refresh.code_version import code_version
from flows.refresh.workers import UnlikeWorkersError, run_on_workers
from transforms.graph import Table


@translates_damage
def refresh_derived_table(lake: str, table: Table, *, rebuild: bool = False) -> Outcome:
    """Bring a derived table up to its inputs; untouched when they have not changed.

    Where a table has an incremental key (an order, say), only the keys that the changed rows of its
    inputs affect are computed again.

    Raises:
        contracts.table_check.ContractBrokenError: the function made rows that break the contract.
        ConservationError: the figures do not add up.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started = perf_counter()
    target = delta.open_table(lake, table.contract, rebuild=rebuild)
    if held_since(target):
        return replace(unchanged_outcome(table, target), seconds=perf_counter() - started)
    parents = {
        column: delta.open_table(lake, parent)
        for column, parent in table.contract.references().items()
    }
    inputs = {
        contract.spec().table: delta.open_table(lake, contract)
        for contract in table.inputs.values()
    }
    for name, handle in inputs.items():
        _hold_back(handle, name, parents.values())
    todo = detect_changes(table, target, inputs, rebuild=rebuild)
    written, reason = 0, todo.full_refresh_reason
    if not todo.nothing:
        opened = _Opened(table, target, inputs, parents)
        whole = reason or not table.contract.spec().incremental_key
        affected = "" if whole else _affected(table, inputs, todo)
        try:
            if isinstance(affected, str):
                reason = reason or affected
                written = _make_all(lake, opened, todo)
            else:
                written = _make_some(opened, todo, affected)
        except ContractBrokenError as broken:
            if _equally_far(inputs, list(parents.values())):
                raise
            message = f"{table.name}: another refresh is making its dimensions; try again"
            raise CommitFailedError(message) from broken
    return replace(
        unchanged_outcome(table, target),
        changed=not todo.nothing,
        written=written,
        full_refresh_reason=reason,
        seconds=perf_counter() - started,
    )


_Handles = Mapping[str, DeltaTable]


class _Opened(NamedTuple):
    """A table, and what it is made of and checked against."""

    table: Table
    target: DeltaTable
    inputs: _Handles
    """By name."""
    parents: _Handles
    """By foreign key, the tables that they refer to."""


def _hold_back(read: DeltaTable, name: str, parents: Iterable[DeltaTable]) -> None:
    """Read an input no further than the dimensions have: what came since may lack its member."""
    seen = [delta.consumed(parent, name) for parent in parents]
    furthest = min((version for version in seen if version is not None), default=read.version())
    if furthest < read.version():
        read.load_as_version(furthest)


def _equally_far(inputs: _Handles, parents: Iterable[DeltaTable]) -> bool:
    """Tell whether the dimensions that read an input have read the same version of it."""
    seen = {name: {delta.consumed(parent, name) for parent in parents} - {None} for name in inputs}
    return all(len(versions) <= 1 for versions in seen.values())


def _affected(table: Table, inputs: _Handles, todo: RefreshScope) -> pl.DataFrame | str:
    """Return the affected that the rows which changed affect, or why they cannot tell them."""
    incremental_key = list(table.contract.spec().incremental_key)
    found = [pl.LazyFrame(schema={name: table.contract.fields()[name] for name in incremental_key})]
    for contract in table.inputs.values():
        name = contract.spec().table
        changed = delta.changed_since(inputs[name], todo.since[name])
        if _knows(inputs[name], incremental_key):
            found.append(changed.select(incremental_key))
        elif len(keys := changed.select(contract.spec().key).collect()):
            readers = list(_readers(table, inputs, contract, keys))
            if not readers:
                return f"{name} changed, which has no {' and '.join(incremental_key)}"
            found += [rows.select(incremental_key) for rows in readers]
    return pl.concat(found).drop_nulls().unique().collect(engine="streaming")


def _readers(
    table: Table, inputs: _Handles, looked_up: type[Contract], keys: pl.DataFrame
) -> Iterator[pl.LazyFrame]:
    """Yield the rows of the other inputs that look some keys up."""
    for contract in table.inputs.values():
        for column, where in contract.lookups().items():
            if where is looked_up:
                named = keys.rename(dict.fromkeys(keys.columns, column))
                yield delta.matching(inputs[contract.spec().table], named)


def _knows(handle: DeltaTable, incremental_key: Sequence[str]) -> bool:
    return set(incremental_key) <= {field.name for field in handle.schema().fields}


class _Whole(NamedTuple):
    """A table that is made of all rows of its inputs; in names and versions, for it may travel."""

    lake: str
    table: Table
    version: int
    inputs: Mapping[str, int]
    """By name, their versions."""
    parents: Mapping[str, int]
    """By foreign key, the versions of the tables that they refer to."""
    made_by: tuple[str, int]


def _make_all(lake: str, opened: _Opened, todo: RefreshScope) -> int:
    table, target, inputs, parents = opened
    spec = table.contract.spec()
    if not spec.incremental_key:
        made = _checked(opened, pl.lit(value=True))
        new = delta.stamped(target, made)
        known = _known(target)
        same = known.schema == new.schema and is_current(target, table.contract)
        if same and made.equals(known.select(made.columns).sort(spec.key)):
            delta.append(
                target, new.clear(), delta.commit_properties(todo.consumed, {"rows": len(made)})
            )
            return 0
        written = data_files.write_files(target, [new])
    else:
        read, known_to = _versions(inputs), _versions(parents)
        whole = _Whole(lake, table, target.version(), read, known_to, _made_by(table))
        rows = sum(map(delta.rows, inputs.values()))
        done = run_on_workers(
            partial(_write_part, whole), chunks(rows, spec.incremental_key, Settings().chunk_rows)
        )
        actions = [action for part in done for action in part.actions]
        written = Written(actions, sum(part.rows for part in done), done[0].schema)
    metrics = {"rows": written.rows, "written": written.rows}
    delta.rebuild(target, written, delta.commit_properties(todo.consumed, metrics), table.contract)
    return written.rows


def _known(target: DeltaTable) -> pl.DataFrame:
    """Return the rows of a table that is made as a whole; none, where its files are hurt."""
    try:
        return delta.scan(target).collect()
    except DamagedTableError:
        return pl.DataFrame()


def _write_part(whole: _Whole, mine: pl.Expr) -> Written:
    """Write a part of a table's rows to files, for the commit of all parts to name."""
    table = whole.table
    if _made_by(table) != whole.made_by:
        message = (
            f"{table.name}: a worker has other code, or another Polars than {whole.made_by[0]}: "
            f"it would cut the table into other parts; give all the same installation"
        )
        raise UnlikeWorkersError(message)

    def at(name: str, version: int) -> DeltaTable:
        handle = delta.open_existing(whole.lake, name)
        handle.load_as_version(version)
        return handle

    target = at(table.name, whole.version)
    inputs = {name: at(name, version) for name, version in whole.inputs.items()}
    parents = {
        column: at(parent.spec().table, whole.parents[column])
        for column, parent in table.contract.references().items()
    }
    made = _checked(_Opened(table, target, inputs, parents), mine)
    return data_files.write_files(target, [delta.stamped(target, made)])


def _checked(opened: _Opened, mine: pl.Expr) -> pl.DataFrame:
    """Make the rows of some affected, and check them."""
    made = _made(opened, lambda handle: delta.scan(handle).filter(mine))
    parents = {column: delta.scan(each) for column, each in opened.parents.items()}
    check_table(made, opened.table.contract, parents)
    return made


def _versions(handles: _Handles) -> dict[str, int]:
    return {name: handle.version() for name, handle in handles.items()}


def _made_by(table: Table) -> tuple[str, int]:
    return pl.__version__, code_version(table)


def _make_some(opened: _Opened, todo: RefreshScope, affected: pl.DataFrame) -> int:
    table, target, _, parents = opened
    contract = table.contract
    made = _made(opened, lambda handle: delta.matching(handle, affected))
    referred = {
        column: delta.matching(parents[column], _referred(made, column, parent))
        for column, parent in contract.references().items()
    }
    check_table(made, contract, referred)
    known = delta.matching(target, affected).collect(engine="streaming")
    new = made.join(known, on=made.columns, how="anti", nulls_equal=True)
    over = known.join(made, on=made.columns, how="anti", nulls_equal=True)
    metrics = {"rows": delta.rows(target) + len(new) - len(over), "written": len(new)}
    merge_rows(table, target, new, over, delta.commit_properties(todo.consumed, metrics))
    return len(new)


def _referred(made: pl.DataFrame, column: str, parent: type[Contract]) -> pl.DataFrame:
    (key,) = parent.spec().key
    return made.select(pl.col(column).alias(key)).unique().drop_nulls()


def _made(opened: _Opened, some: Callable[[DeltaTable], pl.LazyFrame]) -> pl.DataFrame:
    """Run the function on some rows of the inputs with the incremental key, all of the others."""
    table = opened.table
    spec = table.contract.spec()
    frames = {}
    for name, contract in table.inputs.items():
        handle = opened.inputs[contract.spec().table]
        rows = some(handle) if _knows(handle, spec.incremental_key) else delta.scan(handle)
        frames[name] = rows.select(contract.fields().names())
    lazy = table.function(**frames).select(table.contract.fields().names())
    order = spec.sort_by or (() if spec.incremental_key else spec.key)
    made = (lazy.sort(order) if order else lazy).collect(engine="streaming")
    reconcile(made, table.contract, {table.inputs[name]: frames[name] for name in frames})
    return made
