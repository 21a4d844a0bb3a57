"""What a table has to read to be up to its inputs."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from deltalake import DeltaTable

from flows import delta
from flows.delta.commit_log import last_metrics
from flows.delta.contract_metadata import is_current
from flows.delta.holds import held_since
from flows.delta.outcome import Outcome
from flows.delta.transactions import CODE_VERSION, table_identity
from flows.refresh.code_version import code_version
from transforms.graph import Table


class RefreshScope(NamedTuple):
    """What a refresh of a table will have consumed, and from where it goes on."""

    consumed: dict[str, int]
    """By input, its version and which table it is; and the code that did it."""
    since: dict[str, int]
    """By input, the version that the table holds already."""
    full_refresh_reason: str
    """Why it has to be made of all rows of its inputs; empty when those that came since will do."""

    @property
    def nothing(self) -> bool:
        """Nothing came since."""
        return not self.full_refresh_reason and all(
            self.consumed[name] == at for name, at in self.since.items()
        )


NOT_CREATED = "it is not there yet"


def detect_changes(
    table: Table, target: DeltaTable, inputs: Mapping[str, DeltaTable], *, rebuild: bool = False
) -> RefreshScope:
    """Compare a table with its inputs (by the names of their tables), from their logs alone."""
    code = code_version(table)
    consumed = {name: handle.version() for name, handle in inputs.items()}
    made = {table_identity(name): _made(handle) for name, handle in inputs.items()}
    seen = {name: delta.consumed(target, name) for name in inputs}
    since = {name: version for name, version in seen.items() if version is not None}
    if len(since) < len(inputs):
        reason = NOT_CREATED
    elif rebuild:
        reason = "asked for"
    elif not is_current(target, table.contract):
        reason = "its contract has changed"
    elif target.transaction_version(CODE_VERSION) != code:
        reason = "its code has changed"
    elif others := [
        name
        for name in inputs
        if delta.consumed(target, table_identity(name)) not in {None, made[table_identity(name)]}
    ]:
        reason = f"{', '.join(others)} is another table than it was"
    else:
        reason = ", ".join(
            f"{name} was rebuilt"
            for name, handle in inputs.items()
            if (handle.transaction_version(delta.REBUILT) or 0) > since[name]
        )
    return RefreshScope({**consumed, **made, CODE_VERSION: code}, since, reason)


def unchanged_outcome(table: Table, target: DeltaTable) -> Outcome:
    """Return the metrics of a silver or gold table to which nothing happens."""
    metrics = last_metrics(target)
    return Outcome(
        table=table.name,
        version=target.version(),
        rows=delta.rows(target),
        changed=False,
        quarantine=delta.quarantine_name(table.source) if table.source else "",
        in_quarantine=metrics.get("in_quarantine", 0),
        broken_rules=metrics.get("broken_rules", {}),
        warnings=metrics.get("warnings", {}),
        held_since=since.isoformat() if (since := held_since(target)) else "",
    )


def _made(handle: DeltaTable) -> int:
    """Return what tells a table from one that is made in its place: 63 bits of its id."""
    return UUID(str(handle.metadata().id)).int >> 65
