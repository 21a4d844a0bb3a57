"""The log of a command on standard error, as text or as JSON."""

import json
import logging
import os
from traceback import format_exception
from typing import Any, Literal

Format = Literal["text", "json"]

_FORMATTER = "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER"
_LEVEL = "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"


def log_to_terminal(level: int = logging.INFO, form: Format | None = None) -> None:
    """Show the log of the package `flows` on standard error.

    Args:
        level: the least level to show.
        form: text or JSON; by default that of PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER.
    """
    is_json = form == "json" or (form is None and os.environ.get(_FORMATTER) == "json")
    handler = logging.StreamHandler()
    handler.setFormatter(
        _JsonFormatter() if is_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    )
    ours = logging.getLogger("flows")
    ours.addHandler(handler)
    ours.setLevel(level)


def show_prefect_log(form: Format | None = None) -> None:
    """Let Prefect show its log on standard error; call this before Prefect is imported."""
    if form == "json":
        os.environ[_FORMATTER] = "json"
    os.environ[_LEVEL] = "INFO"


class _JsonFormatter(logging.Formatter):
    """Writes a record as a JSON object: the fields that Prefect's JSON has, and the message."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {**record.__dict__, "severity": record.levelname}
        fields["message"] = record.getMessage()
        if record.exc_info and (error := record.exc_info[1]):
            fields["exc_info"] = {
                "type": type(error).__name__,
                "message": str(error),
                "traceback": "".join(format_exception(error)),
            }
        return json.dumps(fields, default=str, ensure_ascii=False)
