"""A CSV file read one window at a time: whole lines of valid text, split into runs of records.

A window grows for a record that does not fit, up to the most bytes that a record may have.
"""

import codecs
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from flows.ingest.csv_diagnosis import HEAD, FileRejectedError, diagnose_format, rejected
from flows.ingest.csv_parser import MAX_RECORD_BYTES, Run, runs, whole_lines

if TYPE_CHECKING:
    from hashlib import _Hash


def file_runs(path: Path, file: BinaryIO, width: int, start: int, digest: "_Hash") -> Iterator[Run]:
    """Split a file from `start` on into runs, and add their bytes to `digest`.

    Raises:
        FileRejectedError: the file has a NUL byte, is not UTF-8, or has a line that is too long.
    """
    size, more = _WINDOW, True
    while more:
        window, more = _window(path, file, start, size)
        found = runs(whole_lines(window), width, more=more)
        if more and size >= MAX_RECORD_BYTES:
            # A record that has not ended by now is too long, so it is the line it starts on.
            found = islice(runs(window, width), 1)
        end = 0
        for run in found:
            end = min(run.end, len(window))
            yield run._replace(end=start + end)
        digest.update(memoryview(window)[:end])
        if more and not end and size >= MAX_RECORD_BYTES:
            reason = f"line {_line(file, start)} is longer than {MAX_RECORD_BYTES} bytes"
            raise unreadable(path, file, reason, "check that it is a CSV file")
        start, size = start + end, _WINDOW if end else min(2 * size, MAX_RECORD_BYTES)


def unreadable(path: Path, file: BinaryIO, reason: str, remedy: str) -> FileRejectedError:
    """Return the error for an unreadable file; name its format if the first bytes reveal it."""
    found = diagnose_format(read_bytes(file, 0, HEAD))
    return rejected(path, *(found or (reason, remedy)))


def read_parts(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Read a file up to `end`, in parts."""
    file.seek(0)
    while end > 0 and (part := file.read(min(end, _PART))):
        yield part
        end -= len(part)


def read_bytes(file: BinaryIO, start: int, size: int) -> bytes:
    """Read bytes of a file. A memory map would crash the process if the file were truncated."""
    file.seek(start)
    return file.read(size)


_WINDOW = 1 << 18
_PART = 1 << 20


def _window(path: Path, file: BinaryIO, start: int, size: int) -> tuple[bytes, bool]:
    """Return the whole lines among `size` bytes from `start` on, and whether more may follow."""
    window = read_bytes(file, start, size)
    more = len(window) == size
    _check_text(path, file, start, window, more=more)
    return window[: window.rfind(b"\n") + 1] if more else window, more


def _check_text(path: Path, file: BinaryIO, start: int, window: bytes, *, more: bool) -> None:
    if (nul := window.find(b"\0")) >= 0:
        position = f"byte {start + nul} (line {_line(file, start + nul)})"
        remedy = "its upload broke off, or it is not text: send it again"
        raise unreadable(path, file, f"the file has a NUL byte at {position}", remedy)
    if window.isascii():
        return
    done, used = 0, 1
    try:
        while used:  # in parts, because the characters may need four times the memory of the bytes
            part = window[done : done + _PART]
            final = not more and done + len(part) == len(window)
            _, used = codecs.utf_8_decode(part, "strict", final)
            done += used
    except UnicodeDecodeError as error:
        offset = start + done + error.start
        reason = f"the text is not UTF-8 at byte {offset} (line {_line(file, offset)})"
        raise unreadable(path, file, reason, "save it as UTF-8") from None


def _line(file: BinaryIO, offset: int) -> int:
    """Return the number of the line that contains a byte."""
    return 1 + sum(part.count(b"\n") for part in read_parts(file, offset))
