"""What makes a commit: the command, the code, and how long it took. The commit itself says so."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

PROVENANCE = "keystone.by"
"""The key in the metadata of a commit."""


class Provenance(NamedTuple):
    """What made a commit; each part is empty if the commit does not say it."""

    command: str = ""
    """Such as `refresh` or `drain`."""
    code: str = ""
    """The version of the package, and the git commit if it ran from a clone."""
    seconds: float | None = None
    """From the start of the work on the table to the commit."""


@contextmanager
def made_by(command: str, *, timed: bool = True) -> Iterator[None]:
    """Let the commits that this thread makes in the context name a command.

    Args:
        command: its name.
        timed: whether the commits also say how long the context lasted until then.
    """
    token = _running.set((command, perf_counter() if timed else None))
    try:
        yield
    finally:
        _running.reset(token)


def provenance() -> dict[str, str]:
    """Return the metadata for a commit that is made now."""
    command, since = _running.get()
    seconds = None if since is None else round(perf_counter() - since, 3)
    return {PROVENANCE: json.dumps(Provenance(command, _code(), seconds)._asdict())}


def read_provenance(entry: Mapping[str, Any]) -> Provenance:
    """Return what made a commit, from its entry in the history of the table."""
    return Provenance(**json.loads(entry.get(PROVENANCE, "{}")))


_running: ContextVar[tuple[str, float | None]] = ContextVar("running", default=("", None))


@cache
def _code() -> str:
    try:
        release = version("keystone-nexus")
    except PackageNotFoundError:
        return ""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return release
    try:
        git = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
        found = subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603 - git on this folder
    except OSError:  # git is not installed
        return release
    return "+".join(filter(None, [release, found.stdout.strip()]))
