"""Transient errors, after which a retry may succeed."""

import errno
import re
from collections.abc import Iterator

from deltalake.exceptions import DeltaError, SchemaMismatchError


def is_transient(error: object) -> bool:
    """Return whether a retry may succeed: the storage failed briefly, or another writer was faster.

    Errors that a person must fix are permanent: a missing permission, a read-only or full disk, a
    path of the wrong kind, a schema.
    """
    if not isinstance(error, OSError | DeltaError):
        return False
    return not any(map(_is_permanent, _chain(error)))


def _is_permanent(error: BaseException) -> bool:
    if isinstance(error, SchemaMismatchError | PermissionError):
        return True
    # Deltalake and Polars have the errno and the answer of S3 only in their text.
    text = str(error)
    numbers = {getattr(error, "errno", None), *map(int, _NUMBER.findall(text))}
    return bool(numbers & _PERMANENT or _DENIED.search(text))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    while error:
        yield error
        error = error.__cause__


_PERMANENT = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}
_NUMBER = re.compile(r"(?:\(os error |\[Errno |\bOs \{ code: )(\d+)\b")
_DENIED = re.compile(r"\b(?:401 Unauthorized|403 Forbidden)\b")
