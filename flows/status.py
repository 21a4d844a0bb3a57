"""How the tables stand: version, rows, what waits in quarantine, how far behind the inputs."""

from typing import Any

from contracts.contract import Contract
from flows import delta
from flows.records import broken_rules, standing_warnings
from transforms.graph import Table, sources, tables


class NoLakeError(Exception):
    """There are no tables where a lake was expected."""


def status(lake: str) -> dict[str, dict[str, Any]]:
    """Return the figures of every table of the lake by name, layer by layer.

    `lag` counts the commits of a table's inputs that it has not consumed; `quarantined` the raw
    records of the table's name that wait in quarantine; `figures` what the last commit carries.

    Raises:
        NoLakeError: the lake has no tables.
    """
    contracts = [*sources(), *(table.contract for table in tables().values())]
    found = {
        contract.promise().table: _figures(lake, contract)
        for contract in contracts
        if delta.exists(lake, contract.promise().table)
    }
    if not found:
        message = f"{lake}: there is no lake here yet; `keystone run` makes one"
        raise NoLakeError(message)
    return found


def _figures(lake: str, contract: type[Contract]) -> dict[str, Any]:
    name = contract.promise().table
    handle = delta.open_table(lake, contract)
    figures = {
        "version": handle.version(),
        "rows": delta.rows(handle),
        "quarantined": 0,
        "lag": 0,
        "figures": delta.last_figures(handle),
        "broken_rules": {},
        "warnings": {},
    }
    if table := tables().get(name):
        figures["lag"] = _lag(lake, table)
        figures["warnings"] = standing_warnings(handle, table)
    quarantine = name.replace("silver.", "quarantine.")
    if quarantine != name and delta.exists(lake, quarantine):
        waiting = delta.open_existing(lake, quarantine)
        figures["quarantined"] = delta.rows(waiting)
        figures["broken_rules"] = broken_rules(waiting)
    return figures


def _lag(lake: str, table: Table) -> int:
    handle = delta.open_table(lake, table.contract)
    return sum(
        delta.open_existing(lake, name).version() - (handle.transaction_version(name) or 0)
        for name in table.input_names
        if delta.exists(lake, name)
    )
