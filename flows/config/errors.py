"""Exceptions that several packages raise, and error messages of libraries as one line."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text


class SettingError(Exception):
    """A setting is missing or invalid."""


class TableError(Exception):
    """A table cannot be read or written; the message names it and says what to do."""


class ConservationError(Exception):
    """Rows were lost or duplicated between two tables: a bug, and the run fails."""


class NoLakeError(Exception):
    """A lake has no tables."""


class UnknownTableError(Exception):
    """A table does not exist; the message suggests others."""


class UnknownColumnError(Exception):
    """A table has no column of that name; the message names similar ones."""


class InvalidKeyError(Exception):
    """What should be the key of a row is not one; the message says what the key is."""


class UnknownRuleError(Exception):
    """A contract has no rule of that name; the message names similar ones."""


class HeldBackError(Exception):
    """A table keeps its state, because the last run of an input exceeds a threshold.

    Each argument is a line about such an input.
    """


class RunFailedError(Exception):
    """Part of a run failed; the rest has been done."""

    def __init__(
        self,
        failures: Sequence[str],
        outcomes: Sequence[Any] = (),
        undone: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the reasons (a line each), the outcomes, and why each other table was not done."""
        super().__init__("; ".join(failures))
        self.failures, self.outcomes, self.undone = list(failures), list(outcomes), undone or {}


class RunHeldBackError(RunFailedError):
    """A run held tables back, and all else has been done."""


class RunInterruptedError(RunFailedError):
    """Ctrl-C ended a run early; what had been done until then is committed."""


def table_name(uri: str) -> str:
    """Return the name of the table at a location: `gold.fact_sales`."""
    return ".".join(uri.rstrip("/").split("/")[-2:])


def one_line(text: str) -> str:
    """Return a text without line breaks and terminal colours, which deltalake's messages have."""
    return " ".join(Text.from_ansi(text).plain.split())
