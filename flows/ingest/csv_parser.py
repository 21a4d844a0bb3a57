"""The grammar of CSV: where records begin and end, and which records Polars reads correctly.

The grammar is RFC 4180 in UTF-8; a line may also end with LF alone. A quote opens or closes a whole
field, or is doubled inside one. A quote anywhere else makes its record corrupt. Every character
except comma, quote and LF is text, including a lone CR. A corrupt record ends with the line it
starts on, and reading resumes on the next line. A record longer than `MAX_RECORD_BYTES` is corrupt.
"""

import codecs
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple


class Run(NamedTuple):
    """Bytes from the end of the previous run up to `end`: regular records, or one other line.

    `records` is 0 for a blank line and 1 for a record that is not regular.
    """

    end: int
    records: int
    regular: bool


MAX_RECORD_BYTES = 1 << 26
"""The most bytes that a record may have, including its line end: 64 MiB."""


def runs(data: bytes, width: int, *, more: bool = False) -> Iterator[Run]:
    """Split whole lines into runs: many regular records of `width` fields, or one other record.

    If `more` data follows, stop before a record whose quotes are still open at the end.

    The time is linear. Suppose a record spans many lines inside quotes and then turns out to be
    corrupt. Parsing resumes on its second line, where inside and outside of quotes have swapped:
    each of those lines ends outside of quotes, so each record ends, or is corrupt, on its own line.
    """
    start, block = 0, _BLOCK
    while start < len(data):
        end, records = _regular(data, start, width, block)
        if records:
            yield Run(end, records, regular=True)
            start, block = end, min(2 * block, _BLOCK)
            continue
        if record := _RECORD.match(data, start, start + MAX_RECORD_BYTES):
            end = record.end()
        elif more and _OPEN.match(data, start):
            return
        else:
            end = data.find(b"\n", start) + 1
        yield Run(end, int(data[start:end] not in _BLANK), regular=False)
        start, block = end, _SMALL_BLOCK


def whole_lines(data: bytes) -> bytes:
    """Add a line end to the last line if it has none, without changing a value."""
    if not data or data.endswith(b"\n"):
        return data
    return data + (b"\r\n" if data.endswith(b"\r") else b"\n")


def text(record: bytes) -> str:
    """Decode a record and strip its line end."""
    return record[:-1].removesuffix(b"\r").decode()


def values(record: str) -> list[str | None]:
    """Split the text of a record into values; return none if its quotes are corrupt."""
    if '"' not in record:
        return [value or None for value in record.split(",")]
    if not _VALID.fullmatch(record):
        return []
    return [
        value[1:-1].replace('""', '"') if value.startswith('"') else value or None
        for value in _VALUE.findall(record)
    ]


# Repeats are possessive, so matching never backtracks.
_UNCLOSED = rb'"[^"]*+(?:""[^"]*+)*+'
_QUOTED = _UNCLOSED + rb'"'
_FIELD = rb'(?>%b|[^",\n]*+)' % _QUOTED
_FIELDS = rb"%b(?:,%b)*+" % (_FIELD, _FIELD)
_RECORD = re.compile(rb"%b\r?\n" % _FIELDS)
_OPEN = re.compile(rb"(?:%b,)*+%b\Z" % (_FIELD, _UNCLOSED))
_VALID = re.compile(_FIELDS.decode())
_VALUE = re.compile(rf"(?:\A|,)({_QUOTED.decode()}|[^,]*+)")
_BLANK = (b"\n", b"\r\n")

# A regular record is one that Polars reads as this grammar does. Polars silently drops a \r from
# the end of an unquoted field, and a byte order mark from the start of its input.
_REGULAR_FIELD = rb'(?:%b|[^",\r\n]*+)' % _QUOTED
_REGULAR_RECORD = rb"%b(?:,%b){%%d}+\r?\n" % (_REGULAR_FIELD, _REGULAR_FIELD)
_ALL_BUT_COMMA_AND_LF = bytes(byte for byte in range(256) if byte not in b",\n")
_RECORDS_PER_MATCH = 32

_BLOCK = 1 << 16
_SMALL_BLOCK = 1 << 10


def _regular(data: bytes, start: int, width: int, block: int) -> tuple[int, int]:
    """Return where the regular records from `start` on end, and how many there are.

    Lines without quotes are checked in bulk, one block at a time: without their text, all must have
    the same commas. Records from the first quote on are matched by a pattern, first many at a time,
    then one by one up to the first record that is not regular.
    """
    # In a file of one column a blank line would look like a value.
    if width == 1 or data.startswith(codecs.BOM_UTF8, start):
        return start, 0
    unquoted = data[start : start + block].partition(b'"')[0]
    lines = unquoted[: unquoted.rfind(b"\n") + 1]
    count = lines.count(b"\n")
    many, one = _patterns(width)
    commas = b"," * (width - 1) + b"\n"
    if (
        count
        and lines.translate(None, _ALL_BUT_COMMA_AND_LF) == commas * count
        and (b"\r" not in lines or lines.count(b"\r") == lines.count(b"\r\n"))
    ):
        return start + len(lines), count
    count = 0
    while match := many.match(data, start, start + MAX_RECORD_BYTES):
        count, start = count + _RECORDS_PER_MATCH, match.end()
    while match := one.match(data, start, start + MAX_RECORD_BYTES):
        count, start = count + 1, match.end()
    return start, count


@cache
def _patterns(width: int) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    record = _REGULAR_RECORD % (width - 1)
    return re.compile(rb"(?:%b){%d}+" % (record, _RECORDS_PER_MATCH)), re.compile(record)
