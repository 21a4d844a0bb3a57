"""Delta app transactions: which inputs a table has consumed, and with which code.

A transaction is a name and an integer, committed with the rows. A table records the consumed
version of an input table as `bronze.orders`, the last offset as `kafka/<topic>/<partition>`, and a
file that it contains as `file/<sha256>`.
"""

from deltalake import DeltaTable, Transaction

from contracts.contract import Contract
from transforms.graph import Table

CODE_VERSION = "code"
"""The code that computed a table; see `flows.refresh.code_version`."""

REBUILT = "rebuilt"
"""The version that last replaced all rows, after which readers have to read all rows again."""

REMOVED = "removed"
"""The version that last removed rows or tracked values, after which readers need the old rows."""

FORGOTTEN = -1
"""The value for an input that a restore took out: Delta cannot remove a transaction."""


def consumed(handle: DeltaTable, name: str) -> int | None:
    """Return how much of an input the handle's version has consumed, or None if nothing."""
    version = handle.transaction_version(name)
    return None if version == FORGOTTEN else version


def table_identity(name: str) -> str:
    """Return the transaction that records the id of the Delta table that a watermark refers to."""
    return f"{name}/table"


def table_columns(name: str) -> str:
    """Return the transaction that records the columns that an input's contract declared."""
    return f"{name}/columns"


def topic_identity(source: str) -> str:
    """Return the transaction that records the id of the topic that a watermark refers to."""
    return f"{source}/topic"


def quarantine_name(source: type[Contract]) -> str:
    """Return the name of the quarantine table of a source: "quarantine.orders".

    It is also the transaction that records the generation of the quarantine.
    """
    return f"quarantine.{source.spec().name}"


def consumed_tables(table: Table) -> list[str]:
    """Return the names of the tables whose consumed version is recorded in a table's commits.

    A history also reads the quarantine. Its silver table records the generation of that instead.
    """
    quarantine = [quarantine_name(table.records)] if table.versions_of and table.records else []
    return [*table.input_names, *quarantine]


def marker(handle: DeltaTable, name: str) -> Transaction:
    """Return the transaction that marks the handle's next commit as `REBUILT` or `REMOVED`."""
    return Transaction(name, handle.version() + 1)


def is_marked_since(handle: DeltaTable, name: str, version: int) -> bool:
    """Return whether a commit after a version is marked as `REBUILT` or `REMOVED`."""
    return (handle.transaction_version(name) or 0) > version
