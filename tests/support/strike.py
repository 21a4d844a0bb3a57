"""A command that is struck in the middle: `python -m tests.support.strike TABLE SIGNAL ARGUMENT…`.

It is `keystone ARGUMENT…`, but the step of one gold table kills its main process, or interrupts all
its processes as a terminal does.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from flows import cli
from flows.delta.outcome import Outcome
from flows.pipeline import runs
from flows.refresh.tables import refresh_table
from tests.support.process import wait_until
from tests.support.project import ROOT
from transforms.graph import Table

_MARK = "KEYSTONE_TEST_RUN"


def keystone(
    *arguments: str,
    strike: tuple[str, signal.Signals] | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command in its own process until all its processes have ended.

    Args:
        arguments: of `keystone`.
        strike: the gold table whose step sends a signal, and the signal.
        environment: more variables.
    """
    module = ["flows"] if strike is None else ["tests.support.strike", strike[0], strike[1].name]
    mark = f"{_MARK}={uuid4()}"
    done = subprocess.run(
        [sys.executable, "-m", *module, *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {}), _MARK: mark},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    wait_until(lambda: not _processes(mark), "a process is left")
    return done


def _processes(mark: str) -> list[Path]:
    """Return the processes that have a mark in their environment."""
    return [each for each in Path("/proc").glob("[0-9]*") if mark.encode() in _environment(each)]


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()  # empty for a zombie
    except OSError:
        return b""


def _strike(main: int, at: str, number: int, lake: str, table: Table, **options: Any) -> Outcome:
    if table.name == at:
        (os.killpg if number == signal.SIGINT else os.kill)(main, number)
    return refresh_table(lake, table, **options)


if __name__ == "__main__":
    _, at, name, *sys.argv[1:] = sys.argv
    number = signal.Signals[name]
    vars(runs)["refresh_table"] = partial(_strike, os.getpid(), at, number)
    cli.main()
