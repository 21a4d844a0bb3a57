"""Call a function of the pipeline on the chosen executor, and print what it did."""

import os
import signal
import sys
from typing import Any

from flows.cli.output import err, print_outcomes
from flows.config.executor import ExecutorName, choose_executor


def execute(
    command: str, executor: ExecutorName | None, runner: str | None = None, **arguments: Any
) -> None:
    """Call `run`, `ingest`, `refresh`, `replay` or `restore`, and print its summary.

    Args:
        command: the name of a function of `flows.pipeline`.
        executor: from the command line.
        runner: `dask` or `dask=ADDRESS`; threads when not given.
        arguments: of the function.
    """
    chosen = choose_executor(executor)
    try:
        print_outcomes(f"{command} ({chosen})", lambda: call(command, chosen, runner, **arguments))
    except KeyboardInterrupt:
        if chosen == "local":
            _end_at_once()
        raise


def _end_at_once() -> None:
    """End the process without waiting for its threads: each commit is complete or absent."""
    message = "interrupted: what is committed stays; run the same command again to continue"
    err.print(f"error: {message}", style="red", soft_wrap=True)
    sys.stdout.flush()
    os._exit(128 + signal.SIGINT)


def call(command: str, executor: ExecutorName, runner: str | None = None, **arguments: Any) -> Any:
    """Return the result of a function of `flows.pipeline`; the arguments are as in `execute`."""
    if executor == "prefect":
        from flows import lakehouse, maintenance

        flows: dict[str, Any] = {"run": lakehouse.lakehouse, "maintain": maintenance.maintain}
        flow = flows.get(command) or getattr(lakehouse, command)
        return flow(**arguments, **({"runner": runner} if runner else {}))

    from flows import pipeline

    with pipeline.local_executor(runner) as local:
        return getattr(pipeline, command)(**arguments, executor=local)
