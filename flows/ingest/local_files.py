"""Files in a folder: what lies in the landing zone there, and what is kept in an archive there."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from flows.ingest.file_state import FileState, archive_names, changed, ignored
from flows.storage.filesystem import sha256


@dataclass(frozen=True)
class LocalFile:
    """A file in a folder, or a link to one; `name` is its path relative to the landing zone."""

    path: Path
    name: str

    def look(self) -> FileState:
        """Return its present state.

        Raises:
            OSError: it is gone, or cannot be reached.
        """
        found = self.path.stat()
        identity = (found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)
        return FileState(identity, found.st_mtime, found.st_ctime)

    def at_hand(self, state: FileState, folder: Path) -> Path:
        """Return the path to read it from: its own."""
        del state, folder
        return self.path

    def remove(self, state: FileState, digest: str) -> None:
        """Remove it, if it is still the file that was read.

        Raises:
            FileWaitsError: it has changed.
            OSError: it is gone, or cannot be removed.
        """
        if sha256(str(self.path)) != digest or self.look() != state:
            raise changed(self.name)
        self.path.unlink()


def files(source: str) -> list[LocalFile]:
    """Return what lies in a folder and in the folders below it, by name.

    Links to folders are not followed. They are in the list, and so are folders that cannot be
    read, for the caller to name.

    Raises:
        FileNotFoundError: there is no such folder.
        OSError: it cannot be read.
    """
    root = Path(source)
    if not root.is_dir():
        message = f"{source}: there is no such folder; name the landing zone with --source"
        raise FileNotFoundError(message)
    found, folders = [], [root]
    for folder in folders:  # which grows meanwhile
        try:
            with os.scandir(folder) as entries:
                inside = [(Path(entry), entry.is_dir(follow_symlinks=False)) for entry in entries]
        except FileNotFoundError:
            continue
        except OSError:
            if folder == root:
                raise
            inside = [(folder, False)]
        for path, is_folder in inside:
            if not ignored(path.name):
                folders += [path] if is_folder else []
                found += [] if is_folder else [LocalFile(path, path.relative_to(root).as_posix())]
    return sorted(found, key=lambda file: file.name)


def make_archive(archive: str) -> None:
    """Make the folder of an archive, for its owner alone: it holds raw texts and contact data.

    Raises:
        OSError: it cannot be made, or not be written to.
    """
    folder = Path(archive)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        message = f"{archive}: the archive cannot be written to; check its owner and its mode"
        raise PermissionError(message)


def keep(path: Path, archive: str, name: str, digest: str) -> str:
    """Put a copy of a file into an archive, and prove it; return where it lies.

    Args:
        path: the file.
        archive: a folder.
        name: the path that the copy gets in it, if nothing else has it.
        digest: the SHA-256 of what was ingested.

    Raises:
        FileWaitsError: the file is not what was ingested.
        OSError: the copy cannot be written.
    """
    target = _free(Path(archive), name, digest)
    if target.exists():
        return str(target)
    partial = target.with_name(f".{digest[:12]}.{os.getpid()}.partial")
    try:
        shutil.copy2(path, partial)
        if sha256(str(partial)) != digest:
            raise changed(name)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return str(target)


def _free(folder: Path, name: str, digest: str) -> Path:
    """Return the first path that no other contents have; it may have these already."""
    for candidate in archive_names(name, digest):
        target = folder / candidate
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):  # a file has the name of the folder
            continue
        if not os.path.lexists(target) or (target.is_file() and sha256(str(target)) == digest):
            return target
    message = f"{target}: is not what was ingested; move it away"
    raise OSError(message)
