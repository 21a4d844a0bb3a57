"""How a table stands, from its log alone."""

from deltalake import DeltaTable

from flows import delta
from flows.delta.commit_log import last_figures
from flows.delta.holds import held_since
from flows.delta.outcome import Outcome
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
        held=since.isoformat() if (since := held_since(target)) else "",
    )
