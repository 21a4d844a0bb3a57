"""Change detection: what a table must read to be up to date with its inputs."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from deltalake import DeltaTable

from flows import delta
from flows.delta.commit_log import last_metrics
from flows.delta.contract_metadata import is_current
from flows.delta.holds import held_since
from flows.delta.outcome import Outcome
from flows.delta.transactions import (
    CODE_VERSION,
    is_marked_since,
    table_columns,
    table_identity,
)
from flows.refresh.code_version import code_version, columns_version
from transforms.graph import Table


class RefreshScope(NamedTuple):
    """The changes that a refresh of a table has to read."""

    consumed: dict[str, int]
    """The transactions to commit: version, identity and columns of each input; code version."""
    watermarks: dict[str, int]
    """By input, the version that the table has consumed so far."""
    full_refresh_reason: str
    """Why all rows of the inputs must be read; empty if the new rows suffice."""

    @property
    def is_empty(self) -> bool:
        """Whether the table is up to date."""
        return not self.full_refresh_reason and all(
            self.consumed[name] == version for name, version in self.watermarks.items()
        )

    @property
    def is_requested(self) -> bool:
        """Whether a user asked for the full refresh, which then writes all files."""
        return self.full_refresh_reason == REQUESTED


REQUESTED = "a rebuild was requested"
"""The reason for a full refresh that `--rebuild` asks for."""

NOT_CREATED = "the table does not exist yet"
"""The reason for the first refresh of a table."""


def detect_changes(
    table: Table, target: DeltaTable, inputs: Mapping[str, DeltaTable], *, rebuild: bool = False
) -> RefreshScope:
    """Compare a table with its inputs, given by name, from their logs alone."""
    code = code_version(table)
    consumed = {name: handle.version() for name, handle in inputs.items()}
    identities = {table_identity(name): _identity(handle) for name, handle in inputs.items()}
    columns = {
        table_columns(contract.spec().table): columns_version(contract)
        for contract in table.inputs.values()
    }
    stored = {name: delta.consumed(target, name) for name in inputs}
    watermarks = {name: version for name, version in stored.items() if version is not None}
    if len(watermarks) < len(inputs):
        reason = NOT_CREATED
    elif rebuild:
        reason = REQUESTED
    elif not is_current(target, table.contract):
        reason = "the contract changed"
    elif target.transaction_version(CODE_VERSION) != code:
        reason = "the code changed"
    elif changed := [n for n in inputs if _differs(target, columns, table_columns(n))]:
        reason = ", ".join(f"the columns or the key of {name} changed" for name in changed)
    elif replaced := [n for n in inputs if _differs(target, identities, table_identity(n))]:
        reason = ", ".join(f"{name} was replaced by a new table" for name in replaced)
    else:
        hidden = {n: _hidden_change(table, inputs[n], since) for n, since in watermarks.items()}
        reason = ", ".join(f"{name} {change}" for name, change in hidden.items() if change)
    transactions = {**consumed, **identities, **columns, CODE_VERSION: code}
    return RefreshScope(transactions, watermarks, reason)


def unchanged_outcome(table: Table, target: DeltaTable) -> Outcome:
    """Return the outcome of a silver or gold table that stays as it is."""
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
        held_since=held.isoformat() if (held := held_since(target)) else "",
    )


def _hidden_change(table: Table, handle: DeltaTable, since: int) -> str:
    """Say which change of an input its rows do not show; empty if there is none."""
    if is_marked_since(handle, delta.REBUILT, since):
        return "was rebuilt"
    if table.contract.spec().incremental_key and not delta.keeps_removed_rows(handle, since):
        return f"lost rows since version {since}, whose files have been deleted"
    return ""


def _differs(target: DeltaTable, current: Mapping[str, int], name: str) -> bool:
    """Return whether a transaction has another value; a table of an older version may lack it."""
    return delta.consumed(target, name) not in {None, current.get(name)}


def _identity(handle: DeltaTable) -> int:
    """Return 63 bits of a table's id. A table that is deleted and created again has another id."""
    return UUID(str(handle.metadata().id)).int >> 65
