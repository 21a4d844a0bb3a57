"""The content of a table's page, from its contract, its function and its Delta log."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import cleandoc, getsource
from textwrap import dedent
from typing import Any

import polars as pl

from contracts.contract import Contract
from contracts.technical_columns import stored_schema
from flows import delta
from flows.delta.commit_log import CommitInfo, run_commits
from flows.site.docs.column_links import Links, column_inputs, column_readers, links
from flows.site.docs.freshness import InputState, input_states
from flows.site.docs.sample_rows import Sample, sample_rows
from flows.site.docs.statistics import Statistics, column_statistics
from flows.site.rule_status import RuleStatus, rule_statuses
from transforms.graph import Table


@dataclass(frozen=True)
class Column:
    """A column as the contract declares it, with the statistics of its values."""

    name: str
    kind: str
    nullable: bool
    personal: bool
    description: str
    source: str
    """The raw column that it is parsed from, if the names differ."""
    refers_to: str
    """The table of the foreign key, or an empty string; likewise the next two."""
    looked_up_in: str
    adds_up_with: str
    inputs: Links
    """The input columns that it depends on."""
    readers: Links
    """The columns of other tables that depend on it."""
    statistics: Statistics | None


@dataclass(frozen=True)
class TablePage:
    """The content of one page."""

    name: str
    layer: str
    grain: str
    remarks: str
    function_docs: str
    """The docstring of the table's function; empty for a bronze table."""
    code: str
    """The source of the table's function; empty for a bronze table."""
    file: str
    """The file of the function."""
    refreshed: str
    """How a refresh changes the table."""
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    technical: list[str]
    """Columns that every table of the layer has in addition to those of its contract."""
    inputs: list[str]
    readers: list[str]
    referred_by: list[tuple[str, str]]
    """Tables and their columns that are foreign keys to this table."""
    columns: list[Column]
    rows_depend_on: Links
    """The input columns that decide which rows the table has."""
    rules: list[RuleStatus]
    quarantine: str
    """The quarantine table, if the table has one."""
    status: Mapping[str, Any] | None
    """The table's entry in `keystone status`; None before the first refresh."""
    input_states: list[InputState]
    """The versions of its inputs that it contains; empty before the first refresh."""
    commits: list[CommitInfo]
    sample: Sample | None
    """Some rows, if the table is in gold and exists."""


def table_page(
    lake: str,
    contract: type[Contract],
    graph: Mapping[str, Table],
    statuses: Mapping[str, dict[str, Any]],
) -> TablePage:
    """Collect the content of a table's page.

    Args:
        lake: location of the lake.
        contract: contract of the table.
        graph: every derived table by name.
        statuses: `flows.delta.status` of the lake.
    """
    spec = contract.spec()
    status = statuses.get(spec.table)
    table = graph.get(spec.table)
    source = table.source if table else None
    handle = delta.open_existing(lake, spec.table) if status else None
    # Bronze values are not redacted yet, so the page shows no statistics of them.
    readable = handle if spec.layer != "bronze" else None
    statistics = column_statistics(delta.scan(readable), contract) if readable else {}
    inputs, rows_depend_on = column_inputs(table)
    readers = column_readers(spec.table, graph)
    grain, _, remarks = cleandoc(contract.__doc__ or "").partition("\n\n")
    return TablePage(
        name=spec.table,
        layer=spec.layer,
        grain=grain,
        remarks=remarks,
        function_docs=cleandoc(table.function.__doc__ or "") if table else "",
        code=dedent(getsource(table.function)) if table else "",
        file=f"{table.function.__module__.replace('.', '/')}.py" if table else "",
        refreshed=_refreshed(contract, table),
        key=spec.key,
        partition_by=spec.partition_by,
        technical=[name for name in stored_schema(contract) if name not in contract.fields()],
        inputs=table.input_names if table else [],
        readers=[other.name for other in graph.values() if spec.table in other.input_names],
        referred_by=[
            (other.name, column)
            for other in graph.values()
            for column, parent in other.contract.references().items()
            if parent is contract
        ],
        columns=[
            _column(
                name,
                contract,
                inputs=inputs.get(name, links([])),
                readers=readers.get(name, links([])),
                statistics=statistics.get(name),
            )
            for name in contract.fields()
        ],
        rows_depend_on=rows_depend_on,
        rules=rule_statuses(contract, status, from_records=bool(source)),
        quarantine=delta.quarantine_name(source) if source else "",
        status=status,
        input_states=input_states(handle, table, statuses) if handle and table else [],
        commits=run_commits(handle) if handle else [],
        sample=sample_rows(delta.scan(handle), contract)
        if handle and spec.layer == "gold"
        else None,
    )


def _refreshed(contract: type[Contract], table: Table | None) -> str:
    spec = contract.spec()
    if not table:
        return "Appends every record of every delivery."
    if table.source:
        return "Replaces the row of a key with its latest version."
    if spec.incremental_key:
        return f"Recomputes each {' and '.join(spec.incremental_key)} with a change."
    return "Recomputes the whole table when an input changes."


def _column(
    name: str,
    contract: type[Contract],
    *,
    inputs: Links,
    readers: Links,
    statistics: Statistics | None,
) -> Column:
    declared = contract.to_schema().columns[name]
    return Column(
        name=name,
        kind=_kind(contract.fields()[name]),
        nullable=declared.nullable,
        personal=name in contract.personal(),
        description=contract.descriptions()[name],
        source=(declared.metadata or {}).get("source") or "",
        refers_to=_table_name(contract.references().get(name)),
        looked_up_in=_table_name(contract.lookups().get(name)),
        adds_up_with=_table_name(contract.sums().get(name, (None,))[0]),
        inputs=inputs,
        readers=readers,
        statistics=statistics,
    )


def _table_name(contract: type[Contract] | None) -> str:
    return contract.spec().table if contract else ""


def _kind(dtype: pl.DataType) -> str:
    """Return the name of a type for readers who do not write code."""
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
