"""Refresh of any table."""

from flows.delta.outcome import Outcome
from flows.refresh.derived_tables import refresh_derived_table
from flows.refresh.history_tables import refresh_history_table
from flows.refresh.source_tables import refresh_source_table
from transforms.graph import Table


def refresh_table(lake: str, table: Table, *, rebuild: bool = False) -> Outcome:
    """Bring a silver or gold table up to date with its inputs.

    Raises:
        contracts.table_check.ContractBrokenError: the computed rows break the contract.
        ConservationError: records or rows do not add up.
        deltalake.exceptions.CommitFailedError: another writer committed first; try again.
    """
    if table.versions_of:
        return refresh_history_table(lake, table, rebuild=rebuild)
    work = refresh_source_table if table.source else refresh_derived_table
    return work(lake, table, rebuild=rebuild)
