"""What the OpenLineage events of runs and steps say."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    set_producer,
)
from openlineage.client.generated.column_lineage_dataset import (
    ColumnLineageDatasetFacet,
    Fields,
    InputField,
    Transformation,
)
from openlineage.client.generated.data_quality_assertions_dataset import (
    Assertion,
    DataQualityAssertionsDatasetFacet,
)
from openlineage.client.generated.data_quality_metrics_input_dataset import (
    DataQualityMetricsInputDatasetFacet,
)
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet
from openlineage.client.generated.error_message_run import ErrorMessageRunFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.output_statistics_output_dataset import (
    OutputStatisticsOutputDatasetFacet,
)
from openlineage.client.generated.parent_run import Job as ParentJob
from openlineage.client.generated.parent_run import ParentRunFacet
from openlineage.client.generated.parent_run import Run as ParentRun
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields
from openlineage.client.generated.symlinks_dataset import Identifier, SymlinksDatasetFacet

from contracts.contract import Contract
from contracts.rules import rules
from flows import delta
from flows.config.errors import one_line
from flows.config.masking import mask
from flows.delta.outcome import Outcome
from flows.pipeline.step import Step
from flows.pipeline.written_table import WrittenTable
from flows.refresh.record_rules import RECORD_RULES
from transforms.graph import Table, contracts, tables
from transforms.lineage import Edge, Edges, column_lineage

# OpenLineage asks for an address; the package has none.
set_producer(f"urn:keystone-nexus:{version('keystone-nexus')}")


def event(  # noqa: PLR0913 - all are given by name
    *,
    state: str,
    at: datetime,
    id: str,  # noqa: A002 - the id of the event's run
    command: str,
    lake: str,
    step: Step[Any] | None = None,
    outcome: Outcome | None = None,
    error: str = "",
    topics: Sequence[tuple[str, str]] = (),
    written: Sequence[WrittenTable] = (),
) -> RunEvent:
    """Return the event of a run of a command, or of a step as a run of its own.

    Args:
        state: what happened, such as `START`.
        at: when it happened.
        id: the id of the run or step.
        command: the command of the run, such as `refresh`.
        lake: the location of the tables.
        step: the step, unless the event is about the whole run.
        outcome: what the step did, once it is complete.
        error: why it failed, if it did.
        topics: the topics that the run of a command has read.
        written: the tables that it has written, unless its steps have events of their own.
    """
    inputs = [InputDataset(f"kafka://{address}", topic) for address, topic in topics]
    outputs = [_written(lake, each) for each in written]
    facets: dict[str, Any] = {}
    if error:
        facets["errorMessage"] = ErrorMessageRunFacet(mask(one_line(error)), "Python")
    if step and step.contract:
        parent = ParentJob(_namespace(), command)
        facets["parent"] = ParentRunFacet(ParentRun(step.run), parent)
        inputs = [_input(lake, name, step.contract, outcome) for name in step.inputs]
        outputs = [_output(lake, step.contract, outcome)]
    return RunEvent(
        eventTime=at.isoformat(),
        eventType=RunState(state),
        run=Run(id, facets),
        job=Job(
            _namespace(),
            step.table if step else command,
            {"jobType": JobTypeJobFacet("BATCH", "KEYSTONE", "TASK" if step else "DAG")},
        ),
        inputs=inputs,
        outputs=outputs,
    )


def _namespace() -> str:
    return os.environ.get("OPENLINEAGE_NAMESPACE") or "keystone"


def _input(
    lake: str, table: str, contract: type[Contract], outcome: Outcome | None
) -> InputDataset:
    """Return a table that is read; the rules of source records are about the input's rows."""
    facets: dict[str, Any] = {}
    if outcome and outcome.read is not None:
        assertions = [*_assertions(contract, outcome)]
        facets["dataQualityMetrics"] = DataQualityMetricsInputDatasetFacet(
            columnMetrics={}, rowCount=outcome.read
        )
        facets["dataQualityAssertions"] = DataQualityAssertionsDatasetFacet(assertions)
    namespace, name = _address(lake, table)
    return InputDataset(namespace=namespace, name=name, facets=_names(table), inputFacets=facets)


def _output(lake: str, contract: type[Contract], outcome: Outcome | None) -> OutputDataset:
    """Return the table that is written."""
    table = contract.spec().table
    facets: dict[str, Any] = {**_names(table), "schema": _schema(contract)}
    metrics: dict[str, Any] = {}
    if outcome:
        known = tables().get(table)
        # The function of a history reads technical columns, which the column lineage leaves out.
        if known and not known.versions_of:
            facets["columnLineage"] = _column_lineage(lake, known)
        facets["version"] = DatasetVersionDatasetFacet(str(outcome.version))
        metrics["outputStatistics"] = OutputStatisticsOutputDatasetFacet(outcome.written)
    namespace, name = _address(lake, table)
    return OutputDataset(namespace=namespace, name=name, facets=facets, outputFacets=metrics)


def _written(lake: str, written: WrittenTable) -> OutputDataset:
    facets: dict[str, Any] = {
        **_names(written.table),
        "version": DatasetVersionDatasetFacet(str(written.version)),
    }
    if contract := contracts().get(written.table):
        facets["schema"] = _schema(contract)
    metrics: dict[str, Any] = {"outputStatistics": OutputStatisticsOutputDatasetFacet(written.rows)}
    namespace, name = _address(lake, written.table)
    return OutputDataset(namespace=namespace, name=name, facets=facets, outputFacets=metrics)


def _address(lake: str, table: str) -> tuple[str, str]:
    """Return namespace and name of a table by OpenLineage's naming: bucket and key, or a path."""
    scheme, separator, rest = delta.location(lake, table).partition("://")
    if not separator:
        return "file", str(Path(scheme).absolute())
    bucket, _, key = rest.partition("/")
    return f"{scheme}://{bucket}", key


def _names(table: str) -> dict[str, Any]:
    return {"symlinks": SymlinksDatasetFacet([Identifier(_namespace(), table, "TABLE")])}


def _schema(contract: type[Contract]) -> SchemaDatasetFacet:
    meanings = contract.descriptions()
    return SchemaDatasetFacet(
        [
            SchemaDatasetFacetFields(name, str(dtype), meanings[name] or None, position)
            for position, (name, dtype) in enumerate(contract.fields().items(), 1)
        ]
    )


def _column_lineage(lake: str, table: Table) -> ColumnLineageDatasetFacet:
    columns, rows = column_lineage(table)
    return ColumnLineageDatasetFacet(
        {name: Fields(_input_fields(lake, edges)) for name, edges in columns.items()},
        _input_fields(lake, rows),
    )


def _input_fields(lake: str, edges: Edges) -> list[InputField]:
    return [
        InputField(*_address(lake, edge.table), edge.column, [_transformation(edge)])
        for edge in sorted(edges)
    ]


def _transformation(edge: Edge) -> Transformation:
    how = "DIRECT" if edge.kind.is_direct else "INDIRECT"
    return Transformation(how, edge.kind.upper(), masking=edge.masked)


def _assertions(contract: type[Contract], outcome: Outcome) -> Iterator[Assertion]:
    """Yield each rule with the number of records in quarantine, or rows, that break it."""
    counts = {**outcome.broken_rules, **outcome.warnings}
    for rule in (*RECORD_RULES, *rules(contract, typed_from_raw=True)):
        count = counts.get(rule.name, 0)
        yield Assertion(
            assertion=rule.name,
            name=rule.name,
            success=count == 0,
            column=rule.column or None,
            severity="warn" if rule.warning else "error",
            description=" ".join(rule.description.split()) or None,
            expected="0",
            actual=str(count),
        )
