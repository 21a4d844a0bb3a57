"""Refresh of any table."""

from flows.delta.outcome import Outcome
from flows.delta.thresholds import CONTRACTS, Gate
from flows.refresh.derived_tables import refresh_derived_table
from flows.refresh.history_tables import refresh_history_table
from flows.refresh.source_tables import refresh_source_table
from transforms.graph import Table


def refresh_table(
    lake: str, table: Table, *, rebuild: bool = False, gate: Gate = CONTRACTS
) -> Outcome:
    """Bring a silver or gold table up to date with its inputs.

    Raises:
        HeldBackError: the last run of an input is stopped.
        contracts.table_check.ContractBrokenError: the computed rows break the contract.
        ConservationError: records or rows do not add up.
        deltalake.exceptions.CommitFailedError: another writer committed first; try again.
    """
    if table.source:
        return refresh_source_table(lake, table, rebuild=rebuild, fail_above=gate.fail_above)
    work = refresh_history_table if table.versions_of else refresh_derived_table
    return work(lake, table, rebuild=rebuild, gate=gate)
