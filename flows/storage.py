"""Where tables lie: in a folder or on S3, by what a URI begins with."""

from pathlib import Path
from typing import Any

from flows import s3


def is_s3(uri: str) -> bool:
    """Tell whether something lies on S3; else it is a path."""
    return uri.startswith(s3.SCHEME)


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
    if not is_s3(uri):
        return Path(uri).stat().st_size
    bucket, key = s3.bucket_and_key(uri)
    with s3.speaking_of(uri):
        # Not by its head alone: where that is cut off, the number may lack its last digits.
        page = s3.client().list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
        return page["Contents"][0]["Size"]


def exists(uri: str) -> bool:
    """Tell whether a file is there; raises as `size` when the storage does not answer."""
    if not is_s3(uri):
        return Path(uri).exists()
    bucket, key = s3.bucket_and_key(uri)
    with s3.speaking_of(uri):
        page = s3.client().list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
        return bool(page.get("Contents"))


def remove(uri: str) -> None:
    """Remove a file; raises as `size`."""
    if not is_s3(uri):
        Path(uri).unlink()
        return
    bucket, key = s3.bucket_and_key(uri)
    with s3.speaking_of(uri):
        s3.client().delete_object(Bucket=bucket, Key=key)


def reach(uri: str) -> None:
    """Make sure that S3 answers and lets us in, before many tables find out one after the other.

    Raises:
        OSError: it does not; one line says why. Of a folder nothing is asked.
    """
    if is_s3(uri):
        bucket, key = s3.bucket_and_key(uri)
        with s3.speaking_of(uri):
            s3.client().list_objects_v2(Bucket=bucket, Prefix=f"{key}/", MaxKeys=1)
