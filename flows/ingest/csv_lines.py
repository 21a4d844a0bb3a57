"""The lines of an ingested CSV file on which some of its records begin."""

import codecs
import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

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
        for end, records in _runs(path, file, start):
            data = read_bytes(file, start, end - start)
            if not {*positions}.isdisjoint(range(number, number + records)):
                lines = _lines(whole_lines(data), line)
                numbered = dict(zip(range(number, number + records), lines, strict=True))
                found |= {each: numbered[each] for each in positions if each in numbered}
            number, line, start = number + records, line + data.count(b"\n"), end
            if number > last:
                break
    return found


def _lines(data: bytes, line: int) -> Iterator[int]:
    """Yield the line of each record of some bytes, of which the first is on a given line."""
    start = 0
    for run in runs(data, width=1):  # so each run is one record, or a blank line
        if run.records:
            yield line
        line, start = line + data.count(b"\n", start, run.end), run.end


def _runs(path: Path, file: BinaryIO, start: int) -> Iterator[tuple[int, int]]:
    """Yield the ends of parts of whole records, with the numbers of their records."""
    width = 0
    while window := read_bytes(file, start, _WINDOW):
        width = width or window.partition(b"\n")[0].count(b",") + 1
        lines = window[: window.rfind(b"\n") + 1]
        if lines and not any(each in lines for each in _SPECIAL) and not lines.startswith(_BLANK):
            # Then every line is a record, regular or corrupt.
            start += len(lines)
            yield start, lines.count(b"\n")
            continue
        end = start + len(window)
        for run in file_runs(path, file, width, start, hashlib.sha256()):
            start = run.end
            yield start, run.records
            if start >= end:
                break


_WINDOW = 1 << 20
_SPECIAL = (b'"', b"\n\n", b"\n\r\n")
_BLANK = (b"\n", b"\r\n")
