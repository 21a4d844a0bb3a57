"""Files on S3: what lies in the landing zone there, and what is kept in an archive there."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from flows import s3, storage
from flows.csv_records import FileRejectedError


@dataclass(frozen=True)
class S3Object:
    """An object as it was when the landing zone was listed; a `Path` for who asks but its name."""

    uri: str
    etag: str
    modified: datetime

    @property
    def name(self) -> str:
        """What stands behind the last slash."""
        return PurePosixPath(self.uri).name

    def exists(self) -> bool:
        """Tell whether there is an object of that name, changed or not."""
        with s3.speaking_of(self.uri):
            return bool(s3.filesystem().exists(self.uri))

    def download(self, folder: Path) -> Path:
        """Bring it into a folder, with its name and the time at which it was written.

        Raises:
            FileRejectedError: it is another one by now.
            OSError: it is gone, or S3 does not answer.
        """
        path = folder / self.name
        try:
            # Each part is asked for on the condition that the object is still the one opened.
            with s3.speaking_of(self.uri), s3.filesystem().open(self.uri) as held:
                if held.details["ETag"] != self.etag:
                    raise FileExistsError  # noqa: TRY301 - caught below, with what S3 itself raises
                with path.open("wb") as file:
                    shutil.copyfileobj(held, file)
        except FileExistsError as error:
            message = f"{self.name}: changed while it was read; let its upload finish first"
            raise FileRejectedError(message) from error
        seconds = self.modified.timestamp()
        os.utime(path, (seconds, seconds))
        return path

    def delete(self) -> None:
        """Delete it, unless it is another one by now; it may be gone already.

        Raises:
            OSError: it has changed, or S3 does not answer.
        """
        bucket, key = s3.bucket_and_key(self.uri)
        filesystem = s3.filesystem()
        with suppress(FileNotFoundError):
            try:
                # Not every S3 heeds a condition here: where it does not, the look alone decides.
                with s3.speaking_of(self.uri):
                    if filesystem.info(self.uri)["ETag"] != self.etag:
                        raise FileExistsError  # noqa: TRY301 - caught below, with what S3 itself raises
                    filesystem.call_s3("delete_object", Bucket=bucket, Key=key, IfMatch=self.etag)
            except FileExistsError as error:
                message = f"{self.name}: changed while it was being archived; what is new stays"
                raise OSError(message) from error


def objects(uri: str) -> list[S3Object]:
    """Return what lies under a prefix, not deeper, by name.

    Raises:
        OSError: there is no such bucket, or S3 does not answer.
    """
    storage.reach(uri)  # what has no objects is to s3fs as little there as what has no bucket
    try:
        with s3.speaking_of(uri):
            found = s3.filesystem().ls(uri, detail=True)
    except FileNotFoundError:
        return []
    return [
        S3Object(f"{s3.SCHEME}{each['name']}", each["ETag"], each["LastModified"])
        for each in found
        if each["type"] == "file" and not each["name"].endswith("/")
    ]


def keep(path: Path, archive: str, digest: str) -> str:
    """Put a copy of a local file under a prefix, and prove it; return its URI.

    The proof is what S3 gives back, byte for byte, not what was sent. What lies there under the
    same name keeps its place: the newcomer's digest is put into its name.

    Raises:
        OSError: what S3 holds is not the file, or it does not answer.
    """
    expected = (path.stat().st_size, digest)
    for name in (path.name, f"{path.stem}.{digest[:12]}{path.suffix}"):
        uri = f"{archive.rstrip('/')}/{name}"
        with suppress(FileExistsError), s3.speaking_of(uri):
            s3.filesystem().put_file(path, uri, mode="create")
        if (storage.size(uri), storage.sha256(uri)) == expected:
            return uri
    message = f"{uri}: is not what was ingested; delete it there, {path.name} stays where it is"
    raise OSError(message)
