"""How a table stands, from its log alone."""

from deltalake import DeltaTable

from flows import delta
from flows.figures import last_figures
from flows.outcome import ConservationError, Outcome
from transforms.graph import Table


def standing(table: Table, target: DeltaTable) -> Outcome:
    """Return the figures of a silver or gold table to which nothing happens."""
    figures = last_figures(target)
    return Outcome(
        table=table.name,
        version=target.version(),
        rows=delta.rows(target),
        changed=False,
        quarantine=delta.quarantine_name(table.source) if table.source else "",
        in_quarantine=figures.get("in_quarantine", 0),
        broken_rules=figures.get("broken_rules", {}),
        warnings=figures.get("warnings", {}),
    )


def prove_rows(table: Table, target: DeltaTable, expected: int) -> None:
    """Compare what a commit should have left in a table with what its log says.

    Raises:
        ConservationError: the table has another number of rows.
    """
    if (have := delta.rows(target)) != expected:
        message = (
            f"{table.name}: should have {expected} rows now, but has {have}; "
            f"`keystone refresh --rebuild` makes the table anew"
        )
        raise ConservationError(message)
