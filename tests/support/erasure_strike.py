"""An erasure that is killed: `python -m tests.support.erasure_strike NUMBER LAKE ARCHIVE PERSON`.

The process kills itself before the change of that number to a file: a data file, a commit, a
checkpoint, a request, an archived file, or the removal of one.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from flows.delta import data_files
from flows.ingest import erase_csv
from flows.pipeline import forget
from flows.storage import filesystem
from tests.support.project import ROOT


def strike(number: int, folder: Path, person: str, key: str) -> bool:
    """Erase a person in a process; return whether it was killed before it ended."""
    arguments = [str(number), str(folder / "lake"), str(folder / "archive"), person]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.erasure_strike", *arguments],
        cwd=ROOT,
        env={**os.environ, "KEYSTONE_ERASURE_KEY": key},
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}
    return done.returncode != 0


def _arm(last: int) -> None:
    changes = count()

    def armed(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            if next(changes) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*args, **options)

        return run

    for owner, names in (
        (filesystem, ("write", "upload", "remove")),
        (erase_csv, ("upload", "remove")),
        (data_files, ("_write",)),
        (DeltaTable, ("create_write_transaction", "create_checkpoint")),
    ):
        for name in names:
            setattr(owner, name, armed(getattr(owner, name)))


if __name__ == "__main__":
    number, lake, archive, person = sys.argv[1:]
    _arm(int(number))
    forget(lake, person, archive=archive)
