"""What files in a folder and objects on S3 have in common: state, valid names, archive names."""

from pathlib import PurePosixPath
from time import time
from typing import NamedTuple

from flows.ingest.csv_diagnosis import FileRejectedError

NAME_BYTES = 255
"""The longest name that most file systems allow, in bytes."""


class FileState(NamedTuple):
    """The state of a file: two states are equal only if the file did not change between them.

    `identity` is the ETag on S3; it is size, modification time, device and inode in a folder.
    `modified` and `changed` are in seconds since 1970. The system sets `changed` whenever the
    contents change. Tools such as `rsync -t` and `cp -p` copy `modified` from their source.
    """

    identity: tuple[object, ...]
    modified: float
    changed: float

    def quiet_seconds(self) -> float:
        """Return the seconds since the last change; a time in the future counts by its distance."""
        now = time()
        return min(abs(now - self.modified), abs(now - self.changed))


class FileNotReadyError(FileRejectedError):
    """A file that may be incomplete; it stays in the landing zone for the next run."""


def changed(name: str) -> FileNotReadyError:
    """Return the error for a file that changed while it was read."""
    return FileNotReadyError(f"{name}: changed while it was read")


def ignored(name: str) -> bool:
    """Return whether a file or folder is skipped: markers, work files and `lost+found`.

    `lost+found` belongs to the file system if the landing zone is the root of a disk.
    """
    return name.startswith(("_", ".")) or name == "lost+found"


def name_problem(name: str) -> str:
    """Return why a path in the landing zone cannot be an archive path; empty if it can."""
    try:
        longest = max(len(part.encode()) for part in name.split("/"))
    except UnicodeEncodeError:
        return f"{name.encode(errors='surrogateescape')!r}: the name is not UTF-8; rename it"
    if longest > NAME_BYTES:
        return f"{name}: the name is longer than {NAME_BYTES} bytes; shorten it"
    return ""


def archive_names(name: str, digest: str) -> tuple[str, str, str]:
    """Return the paths that a file may have in an archive, in order of preference.

    The file gets the first path that no other contents have. The second has the digest in its last
    part, and the third is in a folder named after the digest.
    """
    path = PurePosixPath(name)
    end = f".{digest[:12]}{path.suffix}"
    stem = path.stem.encode()[: NAME_BYTES - len(end.encode())].decode(errors="ignore")
    return name, str(path.with_name(stem + end)), f"{digest}/{name}"
