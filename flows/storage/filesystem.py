"""Where files and tables lie: in a folder or on S3, by what a URI begins with."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from flows.storage import s3

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


def is_s3(uri: str) -> bool:
    """Tell whether something lies on S3; else it is a path."""
    return uri.startswith(s3.SCHEME)


def connect(uri: str) -> "AbstractFileSystem":
    """Return the filesystem in which something lies; what it knows is asked anew each time."""
    if is_s3(uri):
        return s3.connect()
    from fsspec.implementations.local import LocalFileSystem

    return LocalFileSystem()


def delta_options(uri: str) -> dict[str, str] | None:
    """Return what deltalake needs to know to open a table; nothing for a folder."""
    return s3.delta_options() if is_s3(uri) else None


def polars_options(uri: str) -> dict[str, Any] | None:
    """Return what Polars needs to know to read or write a file; nothing for a folder's."""
    return s3.polars_options() if is_s3(uri) else None


def size(uri: str) -> int:
    """Return how many bytes a file has, as the storage tells it.

    Raises:
        OSError: there is no such file, or the storage does not answer.
    """
    with s3.translate_errors(uri):
        return int(connect(uri).size(uri))


def sha256(uri: str) -> str:
    """Return the SHA-256 of the bytes that the storage holds, in hex; raises as `size`."""
    with s3.translate_errors(uri), connect(uri).open(uri, "rb", block_size=_BLOCK) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def exists(uri: str) -> bool:
    """Tell whether a file is there; raises as `size` when the storage does not answer."""
    with s3.translate_errors(uri):
        return bool(connect(uri).exists(uri))


def read(uri: str) -> bytes:
    """Return the bytes of a small file; raises as `size`."""
    if not is_s3(uri):
        return Path(uri).read_bytes()
    with s3.translate_errors(uri):
        return bytes(connect(uri).cat_file(uri))


def is_file(uri: str) -> bool:
    """Tell whether a file lies where a folder is expected; on S3 the two cannot be confused."""
    return not is_s3(uri) and Path(uri).is_file()


def sizes(folder: str, *, after: str = "", deep: bool = False) -> dict[str, int]:
    """Return the sizes of the files of a folder, by name; none where there is no such folder.

    Args:
        folder: a folder, or a prefix on S3.
        after: only names that sort after it.
        deep: also files of folders in it, by their path from the folder.

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
            # Another process may have removed it since it was listed.
            with suppress(FileNotFoundError):
                yield name, entry.stat().st_size


def remove(uri: str) -> None:
    """Remove a file; raises as `size`."""
    with s3.translate_errors(uri):
        connect(uri).rm_file(uri)


def check_access(uri: str) -> None:
    """Make sure that S3 answers and lets us in, before many tables find out one after the other.

    Where it was silent a moment ago, it is not asked again.

    Raises:
        OSError: it does not; one line says why. Of a folder nothing is asked.
    """
    if not is_s3(uri):
        return
    bucket, key = s3.bucket_and_key(uri)
    soon = s3.connect(seconds=_SOON, tries=5)
    place = (soon.endpoint_url, uri)
    at, said = _silent.get(place, (-_MOMENT, ""))
    if monotonic() - at < _MOMENT:
        raise OSError(said)
    try:
        with s3.translate_errors(uri):
            soon.call_s3("list_objects_v2", Bucket=bucket, Prefix=f"{key}/", MaxKeys=1)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        _silent[place] = (monotonic(), str(error))
        raise


_BLOCK = 8 << 20  # bytes
_SOON = 3.0  # seconds: a question as small as this is answered at once, or not at all
_MOMENT = 10.0  # seconds
_silent: dict[tuple[str | None, str], tuple[float, str]] = {}
"""When S3 was last silent about a place, and what was said of it: what all tasks learn at once."""
