"""The summary of a run as artifacts of its Prefect flow run."""

from collections.abc import Mapping, Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.delta.outcome import Outcome
from flows.pipeline.summary import COLUMNS, markdown


def publish_artifacts(
    flow: str, lake: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]
) -> None:
    """Create the table artifact and the Markdown summary of a run; both name the lake."""
    rows = [{name: getattr(outcome, name) for name in COLUMNS} for outcome in outcomes]
    rows += [
        dict.fromkeys(COLUMNS) | {"table": table, "rows": why} for table, why in undone.items()
    ]
    create_table_artifact(
        rows, f"{flow}-tables", description=f"The outcome of each table of {lake}."
    )
    create_markdown_artifact(markdown(f"{flow} of {lake}", outcomes, undone), f"{flow}-summary")
