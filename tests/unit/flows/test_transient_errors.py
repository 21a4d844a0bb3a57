"""Which errors are retried."""

import errno
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, SchemaMismatchError

from flows.pipeline.transient_errors import is_transient


def raised_from(cause: Exception) -> OSError:
    """Return an error about a file with its cause."""
    error = OSError("orders.csv: it cannot be read")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        OSError("s3://b/x: S3 does not answer: timed out"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        OSError("Generic S3 error\n \x1b[31m↳\x1b[0m 503 Service Unavailable"),
        FileNotFoundError("s3://b/x: there is no such object"),
        CommitFailedError("Transaction failed: version 3 is already there"),
        DeltaError("Generic LocalFileSystem error: Too many open files (os error 24)"),
        raised_from(TimeoutError("timed out")),
    ],
    ids=str,
)
def test_transient_errors_are_retried(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        PermissionError("s3://b/x: S3 says AccessDenied: Access Denied"),
        OSError(errno.EROFS, "Read-only file system"),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        NotADirectoryError(errno.ENOTDIR, "Not a directory"),
        IsADirectoryError(errno.EISDIR, "Is a directory"),
        OSError(errno.ENAMETOOLONG, "File name too long"),
        OSError("[Errno 30] Read-only file system: 'archive'; orders.csv: its header is wrong"),
        DeltaError(
            "Generic LocalFileSystem error: Unable to open: Permission denied (os error 13)"
        ),
        DeltaError("Error: Os { code: 30, kind: ReadOnlyFilesystem }"),
        OSError("Generic S3 error\n \x1b[31m↳\x1b[0m 403 Forbidden\n <Error>"),
        raised_from(PermissionError("S3 says AccessDenied")),
        SchemaMismatchError("Cannot cast schema"),
        ValueError("a bug"),
        MemoryError(),
        None,
    ],
    ids=str,
)
def test_permanent_errors_are_not_retried(error: object) -> None:
    assert not is_transient(error)


def test_a_file_instead_of_a_table_folder_is_a_permanent_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeltaError) as caught:
        write_deltalake(str(tmp_path / "file" / "table"), pl.DataFrame({"n": [1]}))
    assert not is_transient(caught.value)
