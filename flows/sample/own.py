"""Which files of a folder are a sample's own, so that a sample never replaces real data."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


class ForeignFilesError(Exception):
    """A sample was to be written to a folder that holds files of others."""


def check_own(folder: Path) -> None:
    """Refuse a folder with files that no sample wrote, or that changed since.

    Raises:
        ForeignFilesError: it has some; names at most five.
    """
    if not folder.is_dir():
        return
    marker = folder / _MARKER
    own: dict[str, str] = json.loads(marker.read_text()) if marker.exists() else {}
    foreign = [
        path.name
        for path in sorted(folder.iterdir())
        if not path.name.startswith(".")
        and not (path.is_file() and own.get(path.name) == _digest(path))
    ]
    if foreign:
        message = (
            f"{folder}: holds {len(foreign)} files or folders that no sample wrote, such as "
            f"{', '.join(foreign[:5])}; name a new or empty folder, or overwrite files of the same "
            "names with --force"
        )
        raise ForeignFilesError(message)


def mark_own(folder: Path, names: Iterable[str]) -> None:
    """Note which files a sample has written, and what is in them."""
    own = {name: _digest(folder / name) for name in sorted(names)}
    (folder / _MARKER).write_text(json.dumps(own, indent=1) + "\n")


_MARKER = ".keystone-sample"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
