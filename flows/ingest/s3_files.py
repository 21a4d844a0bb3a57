"""Landing zone and archive on S3. `local_files` has the same functions for a folder."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from flows.ingest.file_state import FileState, changed
from flows.storage import filesystem, s3


@dataclass(frozen=True)
class S3Object:
    """An object; `name` is its key relative to the landing zone."""

    uri: str
    name: str

    def state(self) -> FileState:
        """Return the current state.

        Raises:
            OSError: the object is gone, or S3 does not answer.
        """
        bucket, key = s3.bucket_and_key(self.uri)
        with s3.translate_errors(self.uri):
            return _state(s3.connect().call_s3("head_object", Bucket=bucket, Key=key))

    def local_path(self, state: FileState, folder: Path) -> Path:
        """Download the object into a folder; return the path of the copy.

        Raises:
            FileNotReadyError: the object is no longer in that state.
            OSError: the object is gone, or S3 does not answer.
        """
        path = folder / PurePosixPath(self.name).name
        try:
            # s3fs requests each part on the condition that the ETag is still that of the open.
            with s3.translate_errors(self.uri), s3.connect().open(self.uri) as opened:
                if opened.details.get("ETag") not in state.identity:
                    raise changed(self.name)
                with path.open("wb") as file:
                    shutil.copyfileobj(opened, file)
        except FileExistsError as error:
            raise changed(self.name) from error
        return path

    def is_at(self, location: str) -> bool:
        """Return whether a location is this very object."""
        return location == self.uri

    def remove(self, state: FileState, _digest: str) -> None:
        """Delete the object if it has not changed since it was read.

        Raises:
            FileNotReadyError: it has changed.
            OSError: it is gone, or S3 does not answer.
        """
        bucket, key = s3.bucket_and_key(self.uri)
        # Some S3 servers ignore the condition of the delete, so the state is checked first.
        if self.state() != state:
            raise changed(self.name)
        (etag,) = state.identity
        try:
            with s3.translate_errors(self.uri):
                s3.connect().call_s3("delete_object", Bucket=bucket, Key=key, IfMatch=etag)
        except FileExistsError as error:
            raise changed(self.name) from error

    def problem(self) -> str:
        """Return why the object cannot be read or archived under its key; empty if it can."""
        # In a folder, the first three would be other paths. s3fs takes the last for a version.
        if {"", ".", ".."} & {*self.name.split("/")} or "?versionId=" in self.name:
            return f"{self.name}: an empty part, . or .., or ?versionId= in its key; rename it"
        return ""


def list_files(source: str) -> list[S3Object]:
    """Return the objects under a prefix, sorted by name, without the markers of folders.

    Raises:
        OSError: the bucket does not exist, or S3 does not answer.
    """
    # s3fs does not distinguish a prefix without objects from a bucket that does not exist.
    filesystem.check_access(source)
    root = f"{'/'.join(s3.bucket_and_key(source))}".rstrip("/") + "/"
    with s3.translate_errors(source):
        found = s3.connect().find(source)
    return [
        S3Object(f"{s3.SCHEME}{path}", path.removeprefix(root))
        for path in found
        if path.startswith(root) and not path.endswith(("/", "_$folder$"))
    ]


def put(path: Path, location: str, digest: str) -> bool:
    """Copy a local file to a URI unless an object exists there; return whether the contents match.

    The proof is the bytes that S3 returns, not those that were sent.

    Args:
        path: the file.
        location: the URI of the copy.
        digest: the SHA-256 of the ingested contents.

    Raises:
        OSError: S3 does not answer.
    """
    with suppress(FileExistsError), s3.translate_errors(location):
        s3.connect().put_file(path, location, mode="create")
    expected = (path.stat().st_size, digest)
    return (filesystem.size(location), filesystem.sha256(location)) == expected


def _state(answer: Mapping[str, Any]) -> FileState:
    seconds = answer["LastModified"].timestamp()
    return FileState((answer["ETag"],), seconds, seconds)
