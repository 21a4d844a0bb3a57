"""Files on S3: what lies in the landing zone there, and what is kept in an archive there."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from flows.ingest.file_state import FileState, archive_names, changed
from flows.storage import filesystem, s3


@dataclass(frozen=True)
class S3Object:
    """An object; `name` is its key relative to the landing zone."""

    uri: str
    name: str

    def look(self) -> FileState:
        """Return its present state.

        Raises:
            OSError: it is gone, or S3 does not answer.
        """
        bucket, key = s3.bucket_and_key(self.uri)
        with s3.translate_errors(self.uri):
            return _state(s3.connect().call_s3("head_object", Bucket=bucket, Key=key))

    def at_hand(self, state: FileState, folder: Path) -> Path:
        """Copy it into a folder, under the last part of its name.

        Raises:
            FileWaitsError: it is not in that state any more.
            OSError: it is gone, or S3 does not answer.
        """
        path = folder / PurePosixPath(self.name).name
        try:
            # Each part is asked for on the condition that the object is still the one opened.
            with s3.translate_errors(self.uri), s3.connect().open(self.uri) as held:
                if held.details.get("ETag") not in state.identity:
                    raise changed(self.name)
                with path.open("wb") as file:
                    shutil.copyfileobj(held, file)
        except FileExistsError as error:
            raise changed(self.name) from error
        return path

    def remove(self, state: FileState, _digest: str) -> None:
        """Delete it, if it is still the object that was read.

        Raises:
            FileWaitsError: it has changed.
            OSError: it is gone, or S3 does not answer.
        """
        bucket, key = s3.bucket_and_key(self.uri)
        # Not every S3 heeds a condition here: where it does not, the look alone decides.
        if self.look() != state:
            raise changed(self.name)
        (etag,) = state.identity
        try:
            with s3.translate_errors(self.uri):
                s3.connect().call_s3("delete_object", Bucket=bucket, Key=key, IfMatch=etag)
        except FileExistsError as error:
            raise changed(self.name) from error


def files(uri: str) -> list[S3Object]:
    """Return what lies under a prefix, by name, without the objects that stand for folders.

    Raises:
        OSError: there is no such bucket, or S3 does not answer.
    """
    filesystem.check_access(
        uri
    )  # what has no objects is to s3fs as little there as what has no bucket
    root = f"{'/'.join(s3.bucket_and_key(uri))}".rstrip("/") + "/"
    with s3.translate_errors(uri):
        found = s3.connect().find(uri)
    return [
        S3Object(f"{s3.SCHEME}{path}", path.removeprefix(root))
        for path in found
        if path.startswith(root) and not path.endswith(("/", "_$folder$"))
    ]


def keep(path: Path, archive: str, name: str, digest: str) -> str:
    """Put a copy of a local file into an archive, and prove it; return its URI.

    The proof is what S3 gives back, byte for byte, not what was sent.

    Args:
        path: the file.
        archive: a prefix on S3.
        name: the key that the copy gets under it, if nothing else has it.
        digest: the SHA-256 of what was ingested.

    Raises:
        OSError: what S3 holds is not the file, or it does not answer.
    """
    expected = (path.stat().st_size, digest)
    for candidate in archive_names(name, digest):
        uri = f"{archive.rstrip('/')}/{candidate}"
        with suppress(FileExistsError), s3.translate_errors(uri):
            s3.connect().put_file(path, uri, mode="create")
        if (filesystem.size(uri), filesystem.sha256(uri)) == expected:
            return uri
    message = f"{uri}: is not what was ingested; delete it there, {name} stays where it is"
    raise OSError(message)


def _state(answer: Mapping[str, Any]) -> FileState:
    seconds = answer["LastModified"].timestamp()
    return FileState((answer["ETag"],), seconds, seconds)
