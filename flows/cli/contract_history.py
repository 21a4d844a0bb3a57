"""The lock file: every contract as plain data, committed, so that git knows earlier versions."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import contracts
from contracts.describe import Description

LOCK = Path(contracts.__file__).parents[1] / "contracts.lock.json"
"""In a clone: next to the package `contracts`."""


class ContractHistoryError(Exception):
    """The lock file, or an earlier version of it, cannot be read or written; says why."""


def lock_text(described: Mapping[str, Description]) -> str:
    """Return the contents of the lock file for some contracts: one column or rule a line."""
    return _json(described, levels=3) + "\n"


def write_lock(described: Mapping[str, Description], lock: Path = LOCK) -> bool:
    """Write the lock file, and return whether it changed.

    Raises:
        ContractHistoryError: this is not a clone of the repository.
    """
    if not (lock.parent / "pyproject.toml").exists():
        message = f"{lock.parent} is not a clone of the repository: run this command in a clone"
        raise ContractHistoryError(message)
    text = lock_text(described)
    if lock.exists() and lock.read_text(encoding="utf-8") == text:
        return False
    lock.write_text(text, encoding="utf-8")
    return True


def contracts_at(revision: str, lock: Path = LOCK) -> dict[str, Description]:
    """Return the contracts of a git revision, by table: what its lock file says.

    Args:
        revision: any name of a commit that git understands, such as a tag or `main~3`.
        lock: the lock file of the clone.

    Raises:
        ContractHistoryError: there is no git, no clone, no such revision, or no lock file in it.
    """
    folder = lock.parent
    _git(folder, "rev-parse", "--git-dir")
    try:
        commit = ("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = _git(folder, "rev-parse", *commit).strip()
    except ContractHistoryError as error:
        message = (
            f"git does not know the revision {revision!r} in {folder}; fetch it, or name another"
        )
        raise ContractHistoryError(message) from error
    try:
        text = _git(folder, "show", f"{found}:./{lock.name}")
    except ContractHistoryError as error:
        message = (
            f"revision {revision} has no {lock.name}: it is older than the lock file; "
            f"name a later revision"
        )
        raise ContractHistoryError(message) from error
    return dict(json.loads(text))


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        message = "git is not installed; install it to compare with a revision"
        raise ContractHistoryError(message) from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        message = f"git cannot read {folder}: {reason}"
        raise ContractHistoryError(message)
    return done.stdout.decode()


def _json(value: Any, levels: int, indent: str = "") -> str:
    """Return JSON with a line for each entry of the outer levels."""
    if not levels or not value or not isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    inner = f"{indent}  "
    entries = (
        f"{inner}{json.dumps(name, ensure_ascii=False)}: {_json(each, levels - 1, inner)}"
        for name, each in value.items()
    )
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
