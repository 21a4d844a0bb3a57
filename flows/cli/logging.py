"""What a service says of itself, on standard error."""

import logging
import os


def log_to_terminal(level: int = logging.INFO) -> None:
    """Show what our own modules log, from a level on: in JSON if Prefect's console has JSON.

    One setting for both: PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter())
    handler.addFilter(_with_message)
    ours = logging.getLogger("flows")
    ours.addHandler(handler)
    ours.setLevel(level)


def _with_message(record: logging.LogRecord) -> bool:
    """Let every record have its message, which Prefect's JSON has only in parts."""
    record.message = record.getMessage()
    return True


def _formatter() -> logging.Formatter:
    if os.environ.get("PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER") != "json":
        return logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    from prefect.logging.formatters import JsonFormatter

    return JsonFormatter(fmt="default", dmft="", style="%")
