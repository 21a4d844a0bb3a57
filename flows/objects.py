"""Files on S3: what lies in the landing zone there, and what is kept in an archive there."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from flows import s3
from flows.csv_records import FileRejected

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, ListObjectsV2OutputTypeDef


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
        try:
            _etag(self.uri)
        except FileNotFoundError:
            return False
        return True

    def download(self, folder: Path) -> Path:
        """Bring it into a folder, with its name and the time at which it was written.

        Raises:
            FileRejected: it is another one by now.
            OSError: it is gone, or S3 does not answer.
        """
        bucket, key = s3.bucket_and_key(self.uri)
        path = folder / self.name
        try:
            with s3.speaking_of(self.uri), path.open("wb") as file:
                held = s3.client().get_object(Bucket=bucket, Key=key, IfMatch=self.etag)
                for chunk in _chunks(held):
                    file.write(chunk)
        except FileExistsError as error:
            message = f"{self.name}: changed while it was read; let its upload finish first"
            raise FileRejected(message) from error
        seconds = self.modified.timestamp()
        os.utime(path, (seconds, seconds))
        return path

    def delete(self) -> None:
        """Delete it, unless it is another one by now; it may be gone already.

        Raises:
            OSError: it has changed, or S3 does not answer.
        """
        bucket, key = s3.bucket_and_key(self.uri)
        with suppress(FileNotFoundError):
            try:
                # Not every S3 heeds a condition here: where it does not, the look alone decides.
                if _etag(self.uri) != self.etag:
                    raise FileExistsError  # noqa: TRY301 - as S3 itself says it, a moment later
                with s3.speaking_of(self.uri):
                    s3.client().delete_object(Bucket=bucket, Key=key, IfMatch=self.etag)
            except FileExistsError as error:
                message = f"{self.name}: changed while it was being archived; what is new stays"
                raise OSError(message) from error


def objects(uri: str) -> list[S3Object]:
    """Return what lies under a prefix, not deeper, by name.

    Raises:
        OSError: there is no such bucket, or S3 does not answer.
    """
    bucket, key = s3.bucket_and_key(uri)
    folder = f"{key}/" if key else ""
    with s3.speaking_of(uri):
        pages = s3.client().get_paginator("list_objects_v2")
        found = [
            S3Object(f"{s3.SCHEME}{bucket}/{each['Key']}", each["ETag"], each["LastModified"])
            for page in pages.paginate(Bucket=bucket, Prefix=folder, Delimiter="/")
            for each in _whole(page).get("Contents", [])
            if each["Key"] != folder
        ]
    return sorted(found, key=lambda each: each.name)


def keep(path: Path, archive: str, digest: str) -> str:
    """Put a copy of a local file under a prefix, and prove it; return its URI.

    The proof is what S3 gives back, byte for byte, not what was sent. What lies there under the
    same name keeps its place: the newcomer's digest is put into its name.

    Raises:
        OSError: what S3 holds is not the file, or it does not answer.
    """
    for name in (path.name, f"{path.stem}.{digest[:12]}{path.suffix}"):
        uri = f"{archive.rstrip('/')}/{name}"
        bucket, key = s3.bucket_and_key(uri)
        with (
            suppress(FileExistsError),
            s3.speaking_of(uri),
            path.open("rb") as file,
        ):
            s3.client().put_object(
                Bucket=bucket, Key=key, Body=file, IfNoneMatch="*", ChecksumAlgorithm="SHA256"
            )
        if _held(uri) == (path.stat().st_size, digest):
            return uri
    message = f"{uri}: is not what was ingested; delete it there, {path.name} stays where it is"
    raise OSError(message)


def _held(uri: str) -> tuple[int, str]:
    """Read an object back; return its size and its SHA-256."""
    bucket, key = s3.bucket_and_key(uri)
    size, digest = 0, hashlib.sha256()
    with s3.speaking_of(uri):
        for chunk in _chunks(s3.client().get_object(Bucket=bucket, Key=key)):
            size += len(chunk)
            digest.update(chunk)
    return size, digest.hexdigest()


def _whole(page: "ListObjectsV2OutputTypeDef") -> "ListObjectsV2OutputTypeDef":
    """Return a page of a list; without a body it would look like an empty one."""
    page["Name"]
    return page


def _chunks(held: "GetObjectOutputTypeDef") -> Iterator[bytes]:
    """Read an object; its body proves to be whole only where its length is told."""
    held["ContentLength"]
    yield from held["Body"].iter_chunks(_CHUNK)


def _etag(uri: str) -> str:
    bucket, key = s3.bucket_and_key(uri)
    with s3.speaking_of(uri):
        return s3.client().head_object(Bucket=bucket, Key=key)["ETag"]


_CHUNK = 1 << 20
