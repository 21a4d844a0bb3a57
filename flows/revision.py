"""The contracts as they were at a revision of git."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import contracts
from contracts.describe import Description

PACKAGE = Path(contracts.__file__).parent


class RevisionError(Exception):
    """The contracts of a revision cannot be read; says why."""


def contracts_at(revision: str, package: Path = PACKAGE) -> dict[str, Description]:
    """Return what the contracts promised at a revision of git, by table.

    Nothing of it enters this process or the working tree: another process imports the contracts of
    that day, and describes them by the code of today.

    Args:
        revision: whatever git takes for a commit, such as a tag or `main~3`.
        package: the folder of the package `contracts`, in a clone.

    Raises:
        RevisionError: there is no git, no clone, no such revision, or its contracts are too old.
    """
    try:
        folder_then = f"{revision}:./{package.name}"
        tree = _git(package, "rev-parse", "--verify", "--quiet", "--end-of-options", folder_then)
        archive = _git(package, "archive", "--format=tar", tree.decode().split()[-1])
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"git is not installed").decode().strip()
        said = said or "git knows no such revision, or it has no contracts"
        message = f"{revision}: its contracts cannot be read in {package.parent}: {said}"
        raise RevisionError(message) from error
    with TemporaryDirectory() as folder:
        then = Path(folder, contracts.__name__)
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(then, filter="data")
        for today in ("describe.py", "rules.py", "syntax.py"):
            shutil.copy(PACKAGE / today, then)
        return _described(revision, folder)


def _git(package: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", *arguments],
        cwd=package.parent,
        capture_output=True,
        check=True,
    ).stdout


def _described(revision: str, folder: str) -> dict[str, Description]:
    code = "import json; from contracts.describe import described; print(json.dumps(described()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": folder},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2]
        message = f"{revision}: its contracts are too old for this version to describe: {said}"
        raise RevisionError(message)
    return dict(json.loads(done.stdout))
