"""The errors that several packages raise, and messages of libraries as one line."""

from rich.text import Text


class SettingError(Exception):
    """A setting is missing, or has a value that cannot be used."""


class TableError(Exception):
    """A table cannot be read or written as it is; the message names it and says what to do."""


class ConservationError(Exception):
    """Rows were lost or duplicated between two tables: a bug, and the run fails."""


class NoLakeError(Exception):
    """There are no tables where a lake was expected."""


class UnknownTableError(Exception):
    """A table was asked for that does not exist; the message names those that do."""


class UnknownRuleError(Exception):
    """A contract has no rule of that name; the message names similar ones."""


def table_name(uri: str) -> str:
    """Return the name of the table at a location: `gold.fact_sales`."""
    return ".".join(uri.rstrip("/").split("/")[-2:])


def one_line(text: str) -> str:
    """Return a text without line breaks, and without the colours of deltalake's messages."""
    return " ".join(Text.from_ansi(text).plain.split())
