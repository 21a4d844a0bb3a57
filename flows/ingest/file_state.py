"""What landing files in a folder and on S3 share: their state, and the names of their copies."""

from pathlib import PurePosixPath
from time import time
from typing import NamedTuple

from flows.ingest.csv_reader import FileRejectedError

NAME_BYTES = 255
"""How long a name may be in most file systems."""


class FileState(NamedTuple):
    """A file as it is found: two states are equal only if the file has not changed between them.

    `identity` is the ETag on S3; size, modification time and inode in a folder. `modified` and
    `changed` are in seconds since 1970. `changed` is set by the system at every change of contents,
    while tools such as `rsync -t` and `cp -p` set `modified` to that of their source.
    """

    identity: tuple[object, ...]
    modified: float
    changed: float

    def quiet_seconds(self) -> float:
        """Return how long ago the file changed; a time in the future counts by its distance."""
        now = time()
        return min(abs(now - self.modified), abs(now - self.changed))


class FileNotReadyError(FileRejectedError):
    """A file that stays in the landing zone for the next run, for it may not be complete yet."""


def changed(name: str) -> FileNotReadyError:
    """Return the error of a file that is another one than when it was looked at."""
    return FileNotReadyError(f"{name}: changed while it was read")


def ignored(name: str) -> bool:
    """Tell whether a file or folder of that name is left alone: markers, work files, `lost+found`.

    The last one belongs to the file system of a disk whose root is the landing zone.
    """
    return name.startswith(("_", ".")) or name == "lost+found"


def archive_names(name: str, digest: str) -> tuple[str, str, str]:
    """Return the paths in an archive that a file may have: the first that nothing else has is its.

    The second has the digest in its last part, and the third in a folder of its own.
    """
    path = PurePosixPath(name)
    end = f".{digest[:12]}{path.suffix}"
    stem = path.stem.encode()[: NAME_BYTES - len(end.encode())].decode(errors="ignore")
    return name, str(path.with_name(stem + end)), f"{digest}/{name}"
