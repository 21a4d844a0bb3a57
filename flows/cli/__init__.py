"""The command line: each command is a thin shell over a flow or a function."""

import os
import signal
import sys
import warnings

import typer

from flows.cli import catalog, contracts, maintenance, pipeline, query, sample, sites, stream
from flows.cli.output import err, prepare
from flows.config.errors import SettingError, UnknownTableError, one_line
from flows.config.masking import mask

app = typer.Typer(
    help="A lakehouse for the Olist marketplace: bronze, silver and gold Delta tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for commands in (pipeline, query, sites, maintenance, stream, contracts, catalog, sample):
    app.add_typer(commands.app)


def main() -> None:
    """Run a command; say in one line what went wrong (1), or how it is used (2)."""
    if "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER" not in os.environ:
        # The summary says it all; who wants the log on the terminal says in which form.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    # A server that does not start says it better, and where one runs elsewhere it does not matter.
    warnings.filterwarnings("ignore", "Failed to create the Prefect home directory")
    # An orderly end, so that a server that Prefect has started for us ends as well.
    for end in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(end) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(end, lambda number, _: sys.exit(128 + number))
    try:
        prepare()
        app()
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        if _is_out_of_memory(error):
            # Not by Rich, which may still have to load a part of itself.
            print(f"error: {_NO_MEMORY}", file=sys.stderr)
            sys.exit(1)
        for line in getattr(error, "failures", [_said(error)]):
            err.print("error:", mask(one_line(line)), style="red", soft_wrap=True)
        sys.exit(2 if isinstance(error, SettingError | UnknownTableError) else 1)


_PANIC = "PanicException"
"""What a bug in Polars or another library of Rust raises: no Exception, and of a hidden module."""

_NO_MEMORY = (
    "there is not enough memory, or the process may start no more threads: raise its limit, or "
    "lower KEYSTONE_CHUNK_ROWS"
)
_SIGNS = ("can't start new thread", "failed to map segment", "Cannot allocate memory")
"""What Python and the loader say where they raise another error than MemoryError."""


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in _SIGNS)


def _said(error: BaseException) -> str:
    # An error of Kafka's client wraps one that speaks better of itself.
    speak = getattr(error.args[0] if error.args else None, "str", None)
    return speak() if speak else str(error) or type(error).__name__
