"""The record of the files that a sample wrote, so that a sample never overwrites real data."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


class ForeignFilesError(Exception):
    """The folder for a sample holds files that no sample wrote."""


def check_no_foreign_files(folder: Path) -> None:
    """Check that a sample wrote all files in a folder, and that they have not changed since.

    Raises:
        ForeignFilesError: the folder holds other files; names at most five.
    """
    if not folder.is_dir():
        return
    record = folder / _RECORD
    written: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    foreign = [
        path.name
        for path in sorted(folder.iterdir())
        if not path.name.startswith(".")
        and not (path.is_file() and written.get(path.name) == _digest(path))
    ]
    if foreign:
        message = (
            f"{folder}: holds {len(foreign)} files or folders that no sample wrote, such as "
            f"{', '.join(foreign[:5])}; name a new or empty folder, or overwrite files of the same "
            "names with --force"
        )
        raise ForeignFilesError(message)


def record_files(folder: Path, names: Iterable[str]) -> None:
    """Record the names and checksums of the files that a sample wrote to a folder."""
    written = {name: _digest(folder / name) for name in sorted(names)}
    (folder / _RECORD).write_text(json.dumps(written, indent=1) + "\n")


_RECORD = ".keystone-sample"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
