"""All that the page of a table tells, gathered from its contract, its function and its log."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

import polars as pl

from contracts.contract import Contract
from contracts.technical_columns import stored_schema
from flows import delta
from flows.delta.commit_log import CommitInfo, run_commits
from flows.site.docs.rule_status import Kept, kept
from flows.site.docs.statistics import Statistics, statistics
from transforms.graph import Table


@dataclass(frozen=True)
class Column:
    """A column as the contract declares it, and what its values are like."""

    name: str
    kind: str
    nullable: bool
    personal: bool
    description: str
    source: str
    """The raw column that it is parsed from, where the names differ."""
    refers_to: str
    looked_up_in: str
    adds_up_with: str
    """Tables; empty where there is none."""
    statistics: Statistics | None


@dataclass(frozen=True)
class Entry:
    """One table: a page of the docs."""

    name: str
    layer: str
    grain: str
    remarks: str
    made_by: str
    """What its function says of itself; nothing of bronze."""
    refreshed: str
    contract: type[Contract]
    technical: list[str]
    inputs: list[str]
    readers: list[str]
    referred_by: list[tuple[str, str]]
    """Tables, and their columns that are foreign keys to this one."""
    columns: list[Column]
    rules: list[Kept]
    quarantine: str
    """The table where records that break an error rule wait, if there is one."""
    standing: Mapping[str, Any] | None
    """As `keystone status` tells it; nothing of a table that has not been made yet."""
    commits: list[CommitInfo]


def entry(
    lake: str, contract: type[Contract], graph: Mapping[str, Table], standing: dict[str, Any] | None
) -> Entry:
    """Gather what there is to tell of a table.

    Args:
        lake: where the tables lie.
        contract: what the table promises.
        graph: all tables that a function makes.
        standing: the table's figures from `flows.delta.status`, if it has been made.
    """
    spec = contract.spec()
    table = graph.get(spec.table)
    source = table.source if table else None
    handle = delta.open_existing(lake, spec.table) if standing else None
    # Of raw values nothing is told: they have not been redacted.
    told = handle and spec.layer != "bronze"
    found = statistics(delta.scan(handle), contract) if handle and told else {}
    grain, _, remarks = cleandoc(contract.__doc__ or "").partition("\n\n")
    return Entry(
        name=spec.table,
        layer=spec.layer,
        grain=grain,
        remarks=remarks,
        made_by=cleandoc(table.function.__doc__ or "") if table else "",
        refreshed=_refreshed(contract, table),
        contract=contract,
        technical=[name for name in stored_schema(contract) if name not in contract.fields()],
        inputs=table.input_names if table else [],
        readers=[t.name for t in graph.values() if spec.table in t.input_names],
        referred_by=[
            (other.name, column)
            for other in graph.values()
            for column, parent in other.contract.references().items()
            if parent is contract
        ],
        columns=[_column(name, contract, found.get(name)) for name in contract.fields()],
        rules=kept(contract, standing, from_records=bool(source)),
        quarantine=delta.quarantine_name(source) if source else "",
        standing=standing,
        commits=run_commits(handle) if handle else [],
    )


def _refreshed(contract: type[Contract], table: Table | None) -> str:
    spec = contract.spec()
    if not table:
        return "appended: every record of every delivery"
    if table.source:
        return "the latest version of each key takes the place of the one before"
    if spec.incremental_key:
        return f"computed again for each {' and '.join(spec.incremental_key)} that a change affects"
    return "computed as a whole when an input changed"


def _column(name: str, contract: type[Contract], found: Statistics | None) -> Column:
    declared = contract.to_schema().columns[name]
    return Column(
        name=name,
        kind=_kind(contract.fields()[name]),
        nullable=declared.nullable,
        personal=name in contract.personal(),
        description=contract.descriptions()[name],
        source=(declared.metadata or {}).get("source") or "",
        refers_to=_name(contract.references().get(name)),
        looked_up_in=_name(contract.lookups().get(name)),
        adds_up_with=_name(contract.sums().get(name, (None,))[0]),
        statistics=found,
    )


def _name(contract: type[Contract] | None) -> str:
    return contract.spec().table if contract else ""


def _kind(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"exact number, {dtype.scale} decimals"
    names = {
        pl.String: "text",
        pl.Int64: "whole number",
        pl.Float64: "number",
        pl.Boolean: "true or false",
        pl.Date: "date",
        pl.Datetime: "timestamp",
    }
    return names.get(dtype.base_type(), str(dtype))
