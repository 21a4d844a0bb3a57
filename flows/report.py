"""What a run tells people: a summary, and the same as Prefect artifacts."""

from collections.abc import Mapping, Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.due import FIRST
from flows.outcome import Outcome

# Fields of an outcome.
COLUMNS = ("table", "rows", "read", "accepted", "superseded", "quarantined", "seconds")


def publish(flow: str, outcomes: Sequence[Outcome]) -> None:
    """Create the table artifact and the Markdown summary of a run."""
    rows = [{name: getattr(outcome, name) for name in COLUMNS} for outcome in outcomes]
    create_table_artifact(rows, f"{flow}-tables", description="What became of each table.")
    create_markdown_artifact(_markdown(flow, outcomes), f"{flow}-summary")


def headline(outcomes: Sequence[Outcome]) -> str:
    """Say in a sentence what a run changed."""
    changed = sum(outcome.changed for outcome in outcomes)
    waiting = sum(outcome.in_quarantine for outcome in outcomes)
    return f"{changed} of {len(outcomes)} tables changed; {waiting:,} records in quarantine."


def cells(outcome: Outcome) -> list[str]:
    """Return the figures of a table under `COLUMNS`; empty where a table has none."""
    counts = (outcome.rows, outcome.read, outcome.accepted, outcome.superseded, outcome.quarantined)
    numbers = ("" if count is None else f"{count:,}" for count in counts)
    return [outcome.table, *numbers, f"{outcome.seconds:.2f}"]


def remarks(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """Say what people may wonder at: by a title, a line for each table that it concerns."""
    return {
        "Made anew": [f"{o.table}: {o.anew}" for o in outcomes if o.anew not in {"", FIRST}],
        "Taken out of bronze": [f"{o.table}: {source}" for o in outcomes for source in o.gone],
        "In quarantine": _counts({o.quarantine: o.broken_rules for o in outcomes}),
        "Warnings": _counts({o.table: o.warnings for o in outcomes}),
    }


def _counts(found: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"{table}: {rule} ({count:,})"
        for table, rules in found.items()
        for rule, count in rules.items()
        if count
    ]


def _markdown(flow: str, outcomes: Sequence[Outcome]) -> str:
    lines = [
        f"# {flow}",
        headline(outcomes),
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" + "|--:" * (len(COLUMNS) - 1) + "|",
        *(f"| {' | '.join(cells(outcome))} |" for outcome in outcomes),
    ]
    for title, found in remarks(outcomes).items():
        lines += ["", f"## {title}", *(f"- {line}" for line in found or ["none"])]
    return "\n".join(lines)
