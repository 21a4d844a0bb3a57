"""Files in a folder or on S3: the scheme of the URI decides which."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from flows.storage import s3

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


def is_s3(uri: str) -> bool:
    """Return whether a URI is on S3; otherwise it is a path."""
    return uri.startswith(s3.SCHEME)


def connect(uri: str) -> "AbstractFileSystem":
    """Return the filesystem of a URI; it does not cache listings."""
    if is_s3(uri):
        return s3.connect()
    from fsspec.implementations.local import LocalFileSystem

    return LocalFileSystem()


def delta_options(uri: str) -> dict[str, str] | None:
    """Return the options for deltalake to open a table; None for a folder."""
    return s3.delta_options() if is_s3(uri) else None


def polars_options(uri: str) -> dict[str, Any] | None:
    """Return the options for Polars to read or write a file; None for a folder."""
    return s3.polars_options() if is_s3(uri) else None


def size(uri: str) -> int:
    """Return the size of a file in bytes.

    Raises:
        OSError: there is no such file, or the storage does not answer.
    """
    if not is_s3(uri):
        return Path(uri).stat().st_size
    with s3.translate_errors(uri):
        return int(connect(uri).size(uri))


def sha256(uri: str) -> str:
    """Return the SHA-256 of the stored bytes, in hex; raises as `size`."""
    with s3.translate_errors(uri), connect(uri).open(uri, "rb", block_size=_BLOCK) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def exists(uri: str) -> bool:
    """Return whether a file exists; raises as `size` if the storage does not answer."""
    with s3.translate_errors(uri):
        return bool(connect(uri).exists(uri))


def read(uri: str) -> bytes:
    """Return the bytes of a small file; raises as `size`."""
    if not is_s3(uri):
        return Path(uri).read_bytes()
    with s3.translate_errors(uri):
        return bytes(connect(uri).cat_file(uri))


def write(uri: str, data: bytes) -> None:
    """Create or replace a file as a whole: a reader sees the old bytes or the new ones."""
    if is_s3(uri):
        with s3.translate_errors(uri):
            connect(uri).pipe_file(uri, data)
        return
    path = Path(uri)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(path)


def download(uri: str, path: Path) -> None:
    """Copy a file to a local path; raises as `size`."""
    with s3.translate_errors(uri):
        connect(uri).get_file(uri, str(path))


def upload(path: Path, uri: str) -> None:
    """Create or replace a file with a local one; in a folder, keep the time of the local one."""
    if is_s3(uri):
        with s3.translate_errors(uri):
            connect(uri).put_file(str(path), uri)
        return
    partial = Path(uri).with_name(f".{os.getpid()}.partial")
    shutil.copy2(path, partial)
    partial.replace(uri)


def is_file(uri: str) -> bool:
    """Return whether there is a file where a folder is expected; on S3 there is no difference."""
    return not is_s3(uri) and Path(uri).is_file()


def sizes(folder: str, *, after: str = "", deep: bool = False) -> dict[str, int]:
    """Return the sizes of the files of a folder, by name; empty if there is no such folder.

    Args:
        folder: a folder, or a prefix on S3.
        after: only names that sort after it.
        deep: also list nested folders; names are paths relative to the folder.

    Raises:
        OSError: the storage does not answer.
    """
    if not is_s3(folder):
        return dict(_local_sizes(folder.rstrip("/"), "", after, deep=deep))
    bucket, key = s3.bucket_and_key(folder)
    prefix, found, more = f"{key}/", dict[str, int](), dict[str, str]()
    while True:
        with s3.translate_errors(folder):
            page = connect(folder).call_s3(
                "list_objects_v2",
                Bucket=bucket,
                Prefix=prefix,
                **({} if deep else {"Delimiter": "/"}),
                **({"StartAfter": f"{prefix}{after}"} if after else {}),
                **more,
            )
        found |= {
            each["Key"].removeprefix(prefix): each["Size"] for each in page.get("Contents", ())
        }
        if not page.get("IsTruncated"):
            return found
        more = {"ContinuationToken": page["NextContinuationToken"]}


def _local_sizes(folder: str, path: str, after: str, *, deep: bool) -> Iterator[tuple[str, int]]:
    try:
        entries = list(os.scandir(f"{folder}/{path}"))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = f"{path}{entry.name}"
        if deep and entry.is_dir():
            yield from _local_sizes(folder, f"{name}/", after, deep=deep)
        elif name > after:
            # Another process may have removed the file since it was listed.
            with suppress(FileNotFoundError):
                yield name, entry.stat().st_size


def remove(uri: str) -> None:
    """Remove a file; raises as `size`."""
    with s3.translate_errors(uri):
        connect(uri).rm_file(uri)


def check_access(uri: str) -> None:
    """Check once that S3 answers and grants access, before many tables fail one after the other.

    A failure of the last seconds is raised again without a request. A folder is not checked.

    Raises:
        OSError: S3 does not answer or denies access; the message is one line.
    """
    if not is_s3(uri):
        return
    bucket, key = s3.bucket_and_key(uri)
    client = s3.connect(seconds=_REQUEST_SECONDS, tries=5)
    checked = (client.endpoint_url, uri)
    failed_at, message = _failures.get(checked, (-_FAILURE_SECONDS, ""))
    if monotonic() - failed_at < _FAILURE_SECONDS:
        raise OSError(message)
    try:
        with s3.translate_errors(uri):
            client.call_s3("list_objects_v2", Bucket=bucket, Prefix=f"{key}/", MaxKeys=1)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        _failures[checked] = (monotonic(), str(error))
        raise


_BLOCK = 8 << 20  # bytes
_REQUEST_SECONDS = 3.0  # S3 answers such a small request at once, or not at all
_FAILURE_SECONDS = 10.0
_failures: dict[tuple[str | None, str], tuple[float, str]] = {}
"""Time and message of the last failure by endpoint and URI, so that all tasks fail at once."""
