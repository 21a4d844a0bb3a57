"""Delta app transactions: which inputs a table has consumed, and with which code.

A transaction is a name and an integer, committed with the rows. A table records the consumed
version of an input table as `bronze.orders`, the last offset as `kafka/<topic>/<partition>`, and a
file that it contains as `file/<sha256>`.
"""

from deltalake import DeltaTable, Transaction

from contracts.contract import Contract

CODE_VERSION = "code"
"""The code that computed a table; see `flows.refresh.code_version`."""

REBUILT = "rebuilt"
"""The version that last removed rows, after which readers have to read all rows again."""

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


def rebuild_marker(handle: DeltaTable) -> Transaction:
    """Return the transaction that marks the handle's next commit as one that removes rows."""
    return Transaction(REBUILT, handle.version() + 1)
