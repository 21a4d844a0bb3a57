"""The command line: each command is a thin layer over a flow or a function."""

import atexit
import gc
import os
import signal
import sys
import warnings
from types import ModuleType
from typing import Annotated

import typer

from flows.cli import (
    catalog,
    contracts,
    maintenance,
    personal_data,
    pipeline,
    query,
    sample,
    sites,
    stream,
    trace,
)
from flows.cli.help import Group
from flows.cli.output import configure_terminal, err, print_line
from flows.config.errors import (
    InvalidKeyError,
    RunHeldBackError,
    RunInterruptedError,
    SettingError,
    UnknownColumnError,
    UnknownRuleError,
    UnknownTableError,
    one_line,
)
from flows.config.masking import mask

app = typer.Typer(
    cls=Group,
    help="A data lakehouse for the Olist marketplace: bronze, silver and gold Delta tables.",
    epilog="`keystone COMMAND -h` shows the options of a command, with examples.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_GROUPS: tuple[tuple[str, ModuleType], ...] = (
    ("Pipeline", pipeline),
    ("Query", query),
    ("Query", trace),
    ("Maintenance", maintenance),
    ("Stream", stream),
    ("Contracts", contracts),
    ("Personal data", personal_data),
    ("Sites", sites),
    ("Catalog", catalog),
    ("Sample", sample),
)
for group, commands in _GROUPS:
    for info in (*commands.app.registered_commands, *commands.app.registered_groups):
        info.rich_help_panel = group
    app.add_typer(commands.app)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"keystone {version('keystone-nexus')}")
        raise typer.Exit


@app.callback()
def _common(
    _: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command; print an error as one line, and exit with 1, or with 2 (wrong usage) or 3.

    3 says that tables are held back, and that nothing failed.
    """
    # Imports create a million objects that live until the end. Collecting garbage less often, and
    # not at all at the exit, saves a quarter of a short command.
    gc.set_threshold(100_000, 10, 10)
    atexit.register(_skip_last_collection)
    if "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER" not in os.environ:
        # The summary is enough, unless a format for the log is set.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    # If a local server needs this folder, its own error is clearer; otherwise it does not matter.
    warnings.filterwarnings("ignore", "Failed to create the Prefect home directory")
    # Exit normally, so that Prefect stops the server that it started for this process.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup sets SIG_IGN
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        configure_terminal()
        app()
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        if _is_out_of_memory(error):
            # Do not use Rich here: it may have to import one of its modules.
            print(f"error: {_OUT_OF_MEMORY}", file=sys.stderr)
            sys.exit(1)
        for line in getattr(error, "failures", [_message(error)]):
            print_line(f"error: {mask(one_line(line))}", err, "red")
        sys.exit(_exit_code(error))


def _skip_last_collection() -> None:
    # DuckDB's bindings print a warning about each of their objects that is not collected.
    if "duckdb" not in sys.modules:
        gc.freeze()


_HELD_BACK = 3
_WRONG_USAGE = (
    InvalidKeyError,
    SettingError,
    UnknownColumnError,
    UnknownRuleError,
    UnknownTableError,
)

_PANIC = "PanicException"
"""A bug in Polars or another Rust library: a BaseException whose class cannot be imported."""

_OUT_OF_MEMORY = (
    "there is not enough memory, or the process cannot start more threads; raise its limit, or "
    "lower KEYSTONE_CHUNK_ROWS"
)
_OUT_OF_MEMORY_MESSAGES = (
    "can't start new thread",
    "failed to map segment",
    "Cannot allocate memory",
)
"""Messages of Python and the loader where they do not raise a MemoryError."""


def _exit_code(error: BaseException) -> int:
    if isinstance(error, RunInterruptedError):
        return 128 + signal.SIGINT
    if isinstance(error, RunHeldBackError):
        return _HELD_BACK
    return 2 if isinstance(error, _WRONG_USAGE) else 1


def _is_out_of_memory(error: BaseException) -> bool:
    message = str(error)
    return isinstance(error, MemoryError) or any(map(message.__contains__, _OUT_OF_MEMORY_MESSAGES))


def _message(error: BaseException) -> str:
    # A KafkaException wraps a KafkaError, whose text is easier to read.
    text = getattr(error.args[0] if error.args else None, "str", None)
    return text() if text else str(error) or type(error).__name__
