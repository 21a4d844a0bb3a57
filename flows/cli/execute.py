"""Call a function of the pipeline on the chosen executor, and print what it did."""

import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from flows.cli.logging import log_to_terminal, show_prefect_log
from flows.cli.output import err, print_line, print_outcomes
from flows.config.executor import ExecutorName, choose_executor


class Output(NamedTuple):
    """What a command prints beside errors."""

    quiet: bool = False
    verbose: bool = False
    log_format: Literal["text", "json"] | None = None


def execute(
    command: str,
    executor: ExecutorName | None,
    output: Output,
    runner: str | None = None,
    **arguments: Any,
) -> None:
    """Call `run`, `ingest`, `refresh`, `replay` or `restore`, and print its summary.

    Args:
        command: the name of a function of `flows.pipeline`.
        executor: from the command line.
        output: what to print.
        runner: `dask` or `dask=ADDRESS`; threads when not given.
        arguments: of the function.
    """
    chosen = choose_executor(executor)
    try:
        title = "" if output.quiet else f"{command} ({chosen})"
        print_outcomes(title, lambda: call(command, chosen, output, runner, **arguments))
        if title and command in _PUBLISHING:
            _print_promises(arguments["lake"])
    except KeyboardInterrupt:
        message = "interrupted: what is committed stays; run the same command again to continue"
        print_line(f"error: {message}", err, "red")
        if chosen == "local":
            _end_at_once()
        sys.exit(_INTERRUPTED)


_PUBLISHING = ("run", "refresh")
"""The commands after which people read the tables."""

_INTERRUPTED = 128 + signal.SIGINT


def _print_promises(lake: str) -> None:
    from flows.monitoring.check import check

    found = check(lake, datetime.now(UTC))
    if found.broken:
        print_line(f"{found.headline()} `keystone check` says which.")


def _end_at_once() -> None:
    """End the process without waiting for its threads: each commit is complete or absent."""
    sys.stdout.flush()
    os._exit(_INTERRUPTED)


def call(
    command: str,
    executor: ExecutorName,
    output: Output,
    runner: str | None = None,
    **arguments: Any,
) -> Any:
    """Return the result of a function of `flows.pipeline`; the arguments are as in `execute`."""
    is_logged = output.verbose or output.log_format is not None
    if executor == "prefect":
        if is_logged:
            show_prefect_log(output.log_format)
        from flows import lakehouse, maintenance

        flows: dict[str, Any] = {"run": lakehouse.lakehouse, "maintain": maintenance.maintain}
        flow = flows.get(command) or getattr(lakehouse, command)
        return flow(**arguments, **({"runner": runner} if runner else {}))

    if is_logged:
        log_to_terminal(form=output.log_format)

    from flows import pipeline

    with pipeline.local_executor(runner, quiet=output.quiet or is_logged) as local:
        return getattr(pipeline, command)(**arguments, executor=local)
