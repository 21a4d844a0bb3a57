"""The summary of a run as artifacts of its Prefect flow run."""

from collections.abc import Mapping, Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.delta.outcome import Outcome
from flows.pipeline.summary import COLUMNS, markdown


def publish_artifacts(flow: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]) -> None:
    """Create the table artifact and the Markdown summary of a run."""
    rows = [{name: getattr(outcome, name) for name in COLUMNS} for outcome in outcomes]
    rows += [
        dict.fromkeys(COLUMNS) | {"table": table, "rows": why} for table, why in undone.items()
    ]
    create_table_artifact(rows, f"{flow}-tables", description="The outcome of each table.")
    create_markdown_artifact(markdown(flow, outcomes, undone), f"{flow}-summary")
