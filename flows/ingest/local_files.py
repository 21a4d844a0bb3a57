"""Landing zone and archive in a folder. `s3_files` has the same functions for S3."""

import os
import shutil
from dataclasses import dataclass
from errno import ENOTSUP, EPERM
from pathlib import Path
from uuid import uuid4

from flows.ingest.file_state import FileState, changed, ignored
from flows.storage.filesystem import is_s3, sha256


@dataclass(frozen=True)
class LocalFile:
    """A file in a folder, or a link to one; `name` is its path relative to the landing zone."""

    path: Path
    name: str

    def state(self) -> FileState:
        """Return the current state.

        Raises:
            OSError: the file is gone, or cannot be reached.
        """
        found = self.path.stat()
        identity = (found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)
        return FileState(identity, found.st_mtime, found.st_ctime)

    def local_path(self, state: FileState, folder: Path) -> Path:
        """Return the path to read the file from: its own."""
        del state, folder
        return self.path

    def is_at(self, location: str) -> bool:
        """Return whether a location is this very file, perhaps by a link."""
        return not is_s3(location) and Path(location).samefile(self.path)

    def remove(self, state: FileState, digest: str) -> None:
        """Remove the file if it has not changed since it was read.

        Raises:
            FileNotReadyError: it has changed.
            OSError: it is gone, or cannot be removed.
        """
        if sha256(str(self.path)) != digest or self.state() != state:
            raise changed(self.name)
        self.path.unlink()

    def problem(self) -> str:
        """Return why this is not a file that can be read; empty if it is one."""
        try:
            if self.path.is_file():
                return ""
            is_folder, is_link = self.path.is_dir(), self.path.is_symlink()
        except OSError as error:
            return f"{self.name}: {error.strerror}; change its mode or its owner"
        if is_folder and is_link:
            return f"{self.name}: links to folders are not followed; move the files here"
        if is_folder:
            return f"{self.name}: the folder cannot be read; change its mode or its owner"
        return f"{self.name}: not a file, nor a link to one; remove it"


def list_files(source: str) -> list[LocalFile]:
    """Return the files in a folder and in the folders below it, sorted by name.

    The list includes links to folders, which are not followed, and folders that cannot be read, so
    that the caller can report them.

    Raises:
        FileNotFoundError: the folder does not exist.
        OSError: the folder cannot be read.
    """
    root = Path(source)
    if not root.is_dir():
        message = f"{source}: there is no such folder; name the landing zone with --source"
        raise FileNotFoundError(message)
    found, folders = [], [root]
    for folder in folders:  # the loop appends to this list
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
    """Create the archive folder for its owner alone: it holds raw text and contact data.

    Raises:
        OSError: the folder cannot be created or written to.
    """
    folder = Path(archive)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        message = f"{archive}: the archive cannot be written to; check its owner and its mode"
        raise PermissionError(message)


def put(path: Path, location: str, digest: str) -> bool:
    """Copy a file to a path unless the path exists; return whether it now has the right contents.

    Args:
        path: the file.
        location: the path of the copy.
        digest: the SHA-256 of the ingested contents.

    Raises:
        FileNotReadyError: the file is not what was ingested.
        OSError: the copy cannot be written.
    """
    target = Path(location)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):  # a file has the name of the folder
        return False
    if not os.path.lexists(target):
        partial = target.with_name(f".{digest[:12]}.{uuid4().hex}.partial")
        try:
            shutil.copy2(path, partial)
            if sha256(str(partial)) != digest:
                raise changed(path.name)
            if _publish(partial, target):
                return True
        finally:
            partial.unlink(missing_ok=True)
    return target.is_file() and sha256(location) == digest


def _publish(partial: Path, target: Path) -> bool:
    """Give a file its name, and replace no file of another process; return whether it has it."""
    try:
        os.link(partial, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in {EPERM, ENOTSUP}:
            raise
        partial.replace(target)  # a file system without hard links
    return True
