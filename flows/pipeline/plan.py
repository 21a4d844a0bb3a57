"""The plan of a refresh, table by table, from the logs alone."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Bronze, Contract
from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import HeldBackError, TableError
from flows.delta.holds import held_since
from flows.delta.outcome import Outcome
from flows.delta.table_names import all_tables
from flows.delta.thresholds import CONTRACTS, Gate
from flows.refresh.change_detection import NOT_CREATED, detect_changes, unchanged_outcome
from flows.refresh.gate import check_gate
from flows.refresh.source_tables import OUT_OF_STEP, is_same_generation
from transforms.graph import Table, tables


class Planned(NamedTuple):
    """The plan for one table."""

    table: Table
    changed_inputs: dict[str, int]
    """By input with new versions, the version that the table has consumed."""
    full_refresh_reason: str
    """Why all rows of its inputs would be read; empty if the new rows suffice."""
    after: list[str]
    """The inputs that the refresh would change first."""
    outcome: Outcome | None
    """The current state, if there is nothing to do."""
    error: str = ""
    """Why it cannot be refreshed."""


def plan(lake: str, *, rebuild: bool = False, gate: Gate = CONTRACTS) -> dict[str, Planned]:
    """Return the plan for each table, by name, without writing anything."""
    opened = for_each_table(_opened, lake, all_tables())
    planned: dict[str, Planned] = {}
    for name, table in tables().items():
        after = [
            each for each in table.input_names if each in planned and not planned[each].outcome
        ]
        planned[name] = _plan(table, opened, after, gate, rebuild=rebuild)
        lost = [n for n in table.dependencies if n in planned and planned[n].error]
        if lost and not (planned[name].outcome or planned[name].error):
            planned[name] = planned[name]._replace(error=f"waits for {', '.join(sorted(lost))}")
    return planned


def explain(lake: str, planned: Planned) -> tuple[str, str, str]:
    """Describe the plan of a due table: its name, what would be read, what would be written."""
    spec = planned.table.contract.spec()
    if planned.error:
        return spec.table, planned.error, "nothing"
    if planned.full_refresh_reason:
        return spec.table, f"all: {planned.full_refresh_reason}", "all rows"
    reads = [
        _rows_since(delta.open_existing(lake, name), contract, planned.changed_inputs[name])
        for contract in planned.table.reads
        if (name := contract.spec().table) in planned.changed_inputs
    ]
    reads += [f"changes of {name} in this run" for name in planned.after]
    local = spec.key if planned.table.source else spec.incremental_key
    rows = f"by {', '.join(local)}" if local else "all rows, if any differs"
    return spec.table, "\n".join(reads), rows


_Opened = DeltaTable | TableError | None
"""A table, the reason why it cannot be opened, or None if it does not exist."""


def _opened(lake: str, name: str) -> _Opened:
    try:
        return delta.open_if_exists(lake, name)
    except TableError as error:
        return error


def _plan(
    table: Table, opened: Mapping[str, _Opened], after: list[str], gate: Gate, *, rebuild: bool
) -> Planned:
    quarantine_name = delta.quarantine_name(table.source) if table.source else ""
    needed = [opened[name] for name in (*table.input_names, table.name, quarantine_name) if name]
    if wrong := [each for each in needed if isinstance(each, TableError)]:
        return Planned(table, {}, "", after, None, str(wrong[0]))
    there = {name: handle for name, handle in opened.items() if isinstance(handle, DeltaTable)}
    target = there.get(table.name)
    if target and held_since(target):
        return Planned(table, {}, "", after, unchanged_outcome(table, target))
    inputs = {name: there[name] for name in table.input_names if name in there}
    if target is None or len(inputs) < len(table.input_names):
        return Planned(table, {}, NOT_CREATED, after, None)
    try:
        delta.check_writable(target, rebuild=rebuild)
        # A run of this refresh may end what holds the table back.
        check_gate(target, {n: each for n, each in inputs.items() if n not in after}, gate)
    except (HeldBackError, TableError) as error:
        return Planned(table, {}, "", after, None, str(error))
    todo = detect_changes(table, target, inputs, rebuild=rebuild)
    reason = todo.full_refresh_reason
    if table.source and not reason:
        quarantine = there.get(quarantine_name)
        reason = "" if quarantine and is_same_generation(table, target, quarantine) else OUT_OF_STEP
    changed = {
        name: since
        for name, since in todo.watermarks.items()
        if todo.consumed[name] != since and not reason
    }
    idle = not (reason or changed or after)
    return Planned(
        table, changed, reason, after, unchanged_outcome(table, target) if idle else None
    )


def _rows_since(handle: DeltaTable, contract: type[Contract], version: int) -> str:
    """Describe how many rows of an input are new or changed."""
    spec = contract.spec()
    if issubclass(contract, Bronze):
        came = delta.appended_since(handle, version)
        return f"{came[1] if came else delta.rows(handle):,} new of {spec.table}"
    changed = delta.changed_since(handle, version, spec.key).select(spec.key).unique()
    return f"{changed.select(pl.len()).collect().item():,} changed of {spec.table}"
