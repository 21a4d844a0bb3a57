"""Why no row has a key: what happened to its records, and which inputs lack it."""

from collections.abc import Iterator

import polars as pl

from contracts.contract import Contract
from contracts.technical_columns import stored_schema
from flows import delta
from flows.config.errors import SettingError
from flows.erasure.erasures import known_erasures
from flows.erasure.requests import certificate_location
from flows.refresh.records import records_of
from flows.trace.model import Reason
from flows.trace.present import shown, with_records
from flows.trace.read import read_rows
from flows.trace.records import find_records
from flows.trace.step import Step
from flows.trace.walk import shared_key
from transforms.erasure import IDENTIFIERS
from transforms.graph import Table, tables
from transforms.lineage import column_lineage


def reasons(lake: str, table: Table, key: pl.DataFrame) -> Iterator[Reason]:
    """Yield why a table has no row with some values of key columns.

    The first reason is that of the table; the others are those of the inputs that lack the key. The
    identifier of a person who was erased, or may have been, is in none of them.
    """
    identifiers = key.select(name for name in IDENTIFIERS if name in key.columns)
    asked = shown(table.contract, key.drop(identifiers.columns))[0]
    erased = _erased(lake, identifiers)
    found = [] if erased else [*_reasons(lake, table, key)]
    if erased:
        yield Reason(table.name, asked, "erased", because=erased)
    elif erased is None and found[0].state == "unknown":
        yield Reason(table.name, asked, "perhaps erased")
    else:
        yield from found


def _erased(lake: str, identifiers: pl.DataFrame) -> str | None:
    """Return the request that erased one of some identifiers; None if that cannot be known."""
    if not identifiers.width:
        return ""
    try:
        request = known_erasures(lake).request_of(identifiers)
    except SettingError:
        return None
    if not request:
        return ""
    named = f"request {request.id} of {request.requested[:10]}"
    if not request.finished:
        return f"{named}, which is not finished; call `keystone forget` again"
    return f"{named}; see {certificate_location(lake, request, 'html')}"


def _reasons(lake: str, table: Table, key: pl.DataFrame) -> Iterator[Reason]:
    if table.records:
        yield _of_records(lake, table, key)
        return
    asked = shown(table.contract, key)[0]
    present, absent = dict[str, bool](), dict[str, list[Reason]]()
    for source, columns in _deciding(table):
        known = key.select(name for name in columns if name in key.columns)
        if known.width and delta.exists(lake, source.name):
            handle = delta.open_existing(lake, source.name)
            if len(read_rows(handle, source.contract, (), known)):
                present[source.name] = known.width == key.width
            else:
                absent[source.name] = [*_reasons(lake, source, known)]
    unread = [name for name in present if _is_unread(lake, table, name)]
    if absent:
        # An item waits for its order if its own record is there.
        is_waiting = any(present.values())
        state = "waiting" if is_waiting else [*absent.values()][-1][0].state
        yield Reason(table.name, asked, state, because=", ".join(absent))
    elif unread:
        yield Reason(table.name, asked, "not refreshed", because=", ".join(unread))
    else:
        yield Reason(table.name, asked, "unknown")
    for reasons_of_input in absent.values():
        yield from reasons_of_input


def _deciding(table: Table) -> Iterator[tuple[Table, list[str]]]:
    """Yield the inputs that decide which rows a table has, with their columns of its key."""
    lineage, spec = column_lineage(table), table.contract.spec()
    edges = lineage.rows.union(*(lineage.columns[name] for name in spec.key))
    for contract in table.inputs.values():
        columns = [
            *dict.fromkeys(
                [*_present(spec.incremental_key, contract), *shared_key(table, contract)]
            )
        ]
        if columns and contract.spec().table in {edge.table for edge in edges}:
            yield tables()[contract.spec().table], columns


def _present(columns: tuple[str, ...], contract: type[Contract]) -> list[str]:
    return [name for name in columns if name in contract.fields()]


def _is_unread(lake: str, table: Table, source: str) -> bool:
    """Return whether a table has not read the newest version of an input."""
    consumed = delta.consumed(delta.open_existing(lake, table.name), source)
    return consumed != delta.open_existing(lake, source).version()


def _of_records(lake: str, table: Table, key: pl.DataFrame) -> Reason:
    """Return what happened to the records of a key."""
    source = table.versions_of or table
    (contract,) = source.inputs.values()
    natural = key.select(name for name in source.contract.spec().key if name in key.columns)
    rows = pl.DataFrame(schema=stored_schema(table.contract))
    handle = delta.open_existing(lake, table.name)
    step = Step(table, handle, frozenset(), natural, rows)
    found = with_records(step, find_records(lake, step), (), {})
    records = tuple(record for row in found for record in row.records)
    asked, bronze = shown(table.contract, key)[0], contract.spec().table
    if records:
        return Reason(table.name, asked, records[0].state, records)
    newest = records_of(source, delta.open_existing(lake, bronze), natural)
    state = "unknown" if newest.is_empty() else "not refreshed"
    return Reason(table.name, asked, state, because=bronze)
