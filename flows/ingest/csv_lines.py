"""The lines of an ingested CSV file on which some of its records begin."""

import codecs
import hashlib
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flows.ingest.csv_parser import runs, whole_lines
from flows.ingest.csv_windows import file_runs, read_bytes


def line_numbers(path: Path, positions: Collection[int]) -> dict[int, int]:
    """Return, by the position of a record, the line on which it begins; both count from 1.

    Positions that the file does not have are left out.
    """
    found, last = dict[int, int](), max(positions, default=0)
    with path.open("rb") as file:
        start = len(codecs.BOM_UTF8) if read_bytes(file, 0, 3) == codecs.BOM_UTF8 else 0
        number, line = 0, 1  # the header is record 0
        for part in _parts(path, file, start):
            numbers = range(number, number + part.records)
            if wanted := [each for each in positions if each in numbers]:
                data = whole_lines(read_bytes(file, start, part.end - start))
                lines = dict(zip(numbers, _lines(data, line), strict=True))
                found |= {each: lines[each] for each in wanted}
            number, line, start = numbers.stop, line + part.lines, part.end
            if number > last:
                break
    return found


class _Part(NamedTuple):
    """Bytes of a file up to `end`, with the numbers of the records and lines in them."""

    end: int
    records: int
    lines: int


def _lines(data: bytes, line: int) -> Iterator[int]:
    """Yield the line of each record of some bytes. The first record is on a given line."""
    start = 0
    for run in runs(data, width=1):  # so each run is one record, or a blank line
        if run.records:
            yield line
        line, start = line + data.count(b"\n", start, run.end), run.end


def _parts(path: Path, file: BinaryIO, start: int) -> Iterator[_Part]:
    width = 0
    while window := read_bytes(file, start, _WINDOW):
        width = width or window.partition(b"\n")[0].count(b",") + 1
        lines = window[: window.rfind(b"\n") + 1]
        if lines and b'"' not in lines and not _has_blank_line(lines):
            # Then every line is a record, regular or corrupt.
            count, start = lines.count(b"\n"), start + len(lines)
            yield _Part(start, count, count)
            continue
        end = start + len(window)
        for run in file_runs(path, file, width, start, hashlib.sha256()):
            breaks = read_bytes(file, start, run.end - start).count(b"\n")
            start = run.end
            yield _Part(start, run.records, breaks)
            if start >= end:
                break


_WINDOW = 1 << 20
_BLANK_LINE = re.compile(rb"\n\r?\n")


def _has_blank_line(lines: bytes) -> bool:
    return lines.startswith((b"\n", b"\r\n")) or _BLANK_LINE.search(lines) is not None
