"""The summary of a run, for the terminal and for Prefect."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from flows.config.plural import pluralize
from flows.delta.holds import hold_message
from flows.delta.outcome import Outcome
from flows.delta.quarantine import rule_lines
from flows.refresh.change_detection import NOT_CREATED

_COUNTS = ("rows", "read", "accepted", "superseded", "deleted", "quarantined")
COLUMNS = ("table", *_COUNTS, "seconds")
"""The fields of an outcome that a summary shows."""

OPTIONAL = ("deleted", "superseded", "accepted", "read")
"""Those that a narrow terminal leaves out, the first one first."""


def headline(outcomes: Sequence[Outcome], undone: Mapping[str, str]) -> str:
    """Return one sentence about the changes of a run."""
    changed, tables = sum(outcome.changed for outcome in outcomes), len(outcomes) + len(undone)
    done = f"{changed} of {pluralize(tables, 'table')} changed"
    if not any(outcome.quarantine for outcome in outcomes):
        return f"{done}."  # an ingest does not look at the quarantine
    waiting = sum(outcome.in_quarantine for outcome in outcomes)
    return f"{done}; {pluralize(waiting, 'record')} in quarantine."


def lines(outcomes: Sequence[Outcome], undone: Mapping[str, str]) -> list[list[str]]:
    """Return a line per table with the values of `COLUMNS`; a missing value is empty.

    Args:
        outcomes: the outcomes of the completed tables.
        undone: by table without an outcome, the reason, which is shown instead of its rows.
    """
    nothing = [""] * len(COLUMNS[2:])
    return [*map(_cells, outcomes), *([table, why, *nothing] for table, why in undone.items())]


def _cells(outcome: Outcome) -> list[str]:
    counts = (getattr(outcome, name) for name in _COUNTS)
    numbers = ("" if count is None else f"{count:,}" for count in counts)
    return [outcome.table, *numbers, f"{outcome.seconds:.2f}"]


def remarks(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """Say what people may wonder at: by a title, a line for each table or reason.

    Records that were in quarantine before the run are no news; `keystone status` shows them.
    """
    quarantined = [outcome for outcome in outcomes if outcome.changed and outcome.quarantined]
    changed = [outcome for outcome in outcomes if outcome.changed]
    return {
        "Fully refreshed": _full_refreshes(outcomes),
        "Removed from bronze, and ingested again if still in the landing zone": [
            f"{o.table}: {source}" for o in outcomes for source in o.removed_sources
        ],
        "Left in the landing zone for the next run": [
            f"{o.table}: {line}" for o in outcomes for line in _first(o.deferred)
        ],
        "Erased on the way into bronze": [
            f"{o.table}: {o.erased:,} of {o.read:,} records" for o in outcomes if o.erased
        ],
        "Held": [
            hold_message(o.table, datetime.fromisoformat(o.held_since))
            for o in outcomes
            if o.held_since
        ],
        "In quarantine": rule_lines({o.quarantine: o.broken_rules for o in quarantined}),
        "Warnings": rule_lines({o.table: o.warnings for o in changed}),
        "What a rule requires, and where it is declared": _explanation(quarantined, changed),
    }


def _full_refreshes(outcomes: Sequence[Outcome]) -> list[str]:
    """Return a line for each reason, which may concern all tables, with the tables."""
    tables = defaultdict[str, list[str]](list)
    for outcome in outcomes:
        tables[outcome.full_refresh_reason].append(outcome.table)
    return [
        f"{reason}: {', '.join(names)}"
        for reason, names in tables.items()
        if reason not in {"", NOT_CREATED}
    ]


def _explanation(quarantined: Sequence[Outcome], changed: Sequence[Outcome]) -> list[str]:
    """Return a command that explains the first of the rules that the remarks name."""
    found = [
        *(
            (o.quarantine, rule)
            for o in quarantined
            for rule, count in o.broken_rules.items()
            if count
        ),
        *((o.table, rule) for o in changed for rule, count in o.warnings.items() if count),
    ]
    return [f"keystone contracts show {table} {rule}" for table, rule in found[:1]]


_MOST_FILES = 5


def _first(files: Sequence[str]) -> list[str]:
    rest = len(files) - _MOST_FILES
    return [*files[:_MOST_FILES], *([f"and {rest:,} more"] if rest > 0 else [])]


def markdown(title: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]) -> str:
    """Return the summary as Markdown."""
    text = [
        f"# {title}",
        headline(outcomes, undone),
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" + "|--:" * (len(COLUMNS) - 1) + "|",
        *(f"| {' | '.join(line)} |" for line in lines(outcomes, undone)),
    ]
    for heading, found in remarks(outcomes).items():
        text += ["", f"## {heading}", *(f"- {line}" for line in found or ["none"])]
    return "\n".join(text)
