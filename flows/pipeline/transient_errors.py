"""Errors that may pass by themselves, and so are worth another try."""

import errno
import re
from collections.abc import Iterator

from deltalake.exceptions import DeltaError, SchemaMismatchError


def is_transient(error: object) -> bool:
    """Tell whether another try may succeed: the storage hiccuped, or a writer was faster.

    What a person has to put right lasts: a permission, a read-only or full disk, a path of the
    wrong kind, a schema.
    """
    if not isinstance(error, OSError | DeltaError):
        return False
    return not any(map(_lasts, _chain(error)))


def _lasts(error: BaseException) -> bool:
    if isinstance(error, SchemaMismatchError | PermissionError):
        return True
    # Deltalake and Polars give the system's number and the answer of S3 only in their text.
    text = str(error)
    numbers = {getattr(error, "errno", None), *map(int, _NUMBER.findall(text))}
    return bool(numbers & _LASTING or _DENIED.search(text))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it was raised from."""
    while error:
        yield error
        error = error.__cause__


_LASTING = {
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
