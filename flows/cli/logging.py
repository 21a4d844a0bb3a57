"""The log of a long-running command on standard error."""

import logging
import os


def log_to_terminal(level: int = logging.INFO) -> None:
    """Show the log of the package `flows` from a level on, in JSON if Prefect's log is in JSON.

    PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER sets the format of both.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter())
    handler.addFilter(_add_message)
    ours = logging.getLogger("flows")
    ours.addHandler(handler)
    ours.setLevel(level)


def _add_message(record: logging.LogRecord) -> bool:
    """Set the formatted message of a record, because Prefect's JSON has only its parts."""
    record.message = record.getMessage()
    return True


def _formatter() -> logging.Formatter:
    if os.environ.get("PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER") != "json":
        return logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    from prefect.logging.formatters import JsonFormatter

    return JsonFormatter(fmt="default", dmft="", style="%")
