"""Where files and tables lie: in a folder or on S3, by what a URI begins with."""

import hashlib
from time import monotonic
from typing import TYPE_CHECKING, Any

from flows import s3

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


def is_s3(uri: str) -> bool:
    """Tell whether something lies on S3; else it is a path."""
    return uri.startswith(s3.SCHEME)


def filesystem(uri: str) -> "AbstractFileSystem":
    """Return the filesystem in which something lies; what it knows is asked anew each time."""
    if is_s3(uri):
        return s3.filesystem()
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
    with s3.speaking_of(uri):
        return int(filesystem(uri).size(uri))


def sha256(uri: str) -> str:
    """Return the SHA-256 of the bytes that the storage holds, in hex; raises as `size`."""
    with s3.speaking_of(uri), filesystem(uri).open(uri, "rb", block_size=_BLOCK) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def exists(uri: str) -> bool:
    """Tell whether a file is there; raises as `size` when the storage does not answer."""
    with s3.speaking_of(uri):
        return bool(filesystem(uri).exists(uri))


def remove(uri: str) -> None:
    """Remove a file; raises as `size`."""
    with s3.speaking_of(uri):
        filesystem(uri).rm_file(uri)


def reach(uri: str) -> None:
    """Make sure that S3 answers and lets us in, before many tables find out one after the other.

    Where it was silent a moment ago, it is not asked again.

    Raises:
        OSError: it does not; one line says why. Of a folder nothing is asked.
    """
    if not is_s3(uri):
        return
    bucket, key = s3.bucket_and_key(uri)
    soon = s3.filesystem(seconds=_SOON, tries=5)
    place = (soon.endpoint_url, uri)
    at, said = _silent.get(place, (-_MOMENT, ""))
    if monotonic() - at < _MOMENT:
        raise OSError(said)
    try:
        with s3.speaking_of(uri):
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
