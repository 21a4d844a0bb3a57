"""The grammar of CSV: where records begin and end, and which of them Polars reads alike.

A record ends with its line, outside quotes; a quote amid an unquoted field is a character like any
other. A record with broken quotes is the line it starts on; reading resumes on the next line.
"""

import codecs
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple


class Run(NamedTuple):
    """Bytes from the end of the run before up to `end`: regular records, or one other line.

    `records` is 0 for a blank line, 1 for a record that is not regular.
    """

    end: int
    records: int
    regular: bool


def runs(data: bytes, width: int, start: int = 0, *, more: bool = False) -> Iterator[Run]:
    """Cut whole lines into runs: many regular records of `width` fields, or one other record.

    With `more` to come, cutting stops before a record whose quotes are still open at the end.

    Time stays linear: inside quotes it does not matter where they opened, so when fields came to
    grief at some byte, no later record reaches across a line end before it either. (And behind a
    quote that never closes all quotes are doubled, which leaves no line open.)
    """
    grief, block = 0, _BLOCK
    while start < len(data):
        end, records = _regular(data, start, width, block)
        if records:
            yield Run(end, records, regular=True)
            start, block = end, min(2 * block, _BLOCK)
            continue
        line_end = data.find(b"\n", start) + 1
        limit = line_end if line_end <= grief else len(data)
        if record := _RECORD.match(data, start, limit):
            end = record.end()
        else:
            end = line_end
            fields = _FIELDS.match(data, start, limit)
            reach = fields.end() if fields else start
            if more and _OPEN.match(data, reach, limit):
                return
            grief = max(grief, reach)
        yield Run(end, int(data[start:end] not in _BLANK), regular=False)
        start, block = end, _SMALL_BLOCK


def whole_lines(data: bytes) -> bytes:
    """Put a line end behind the last line of a file that has none, and change no value by it."""
    if not data or data.endswith(b"\n"):
        return data
    return data + (b"\r\n" if data.endswith(b"\r") else b"\n")


def text(record: bytes) -> str:
    """Decode a record and take away its line end."""
    return record[:-1].removesuffix(b"\r").decode()


def values(record: str) -> list[str | None]:
    """Split the text of a record; there are no values when its quotes are broken."""
    if '"' not in record:
        return [value or None for value in record.split(",")]
    if not _SOUND.fullmatch(record):
        return []
    return [
        value[1:-1].replace('""', '"') if value.startswith('"') else value or None
        for value in _VALUE.findall(record)
    ]


# Repeats are possessive: matching never goes back.
_UNCLOSED = rb'"[^"]*+(?:""[^"]*+)*+'
_QUOTED = _UNCLOSED + rb'"'
_FIELD = rb'(?>%b|(?!")[^,\n]*+)' % _QUOTED
_FIELDS = re.compile(rb"%b(?:,%b)*+" % (_FIELD, _FIELD))
_RECORD = re.compile(rb"%b\r?\n" % _FIELDS.pattern)
_OPEN = re.compile(rb",?%b\Z" % _UNCLOSED)
_SOUND = re.compile(_FIELDS.pattern.decode())
_VALUE = re.compile(rf"(?:\A|,)({_QUOTED.decode()}|[^,]*+)")
_BLANK = (b"\n", b"\r\n")

# Regular is what Polars reads alike. It trips over a quote amid an unquoted field, silently drops
# a \r from the end of one, and takes a byte order mark at its start for no text.
_REGULAR_FIELD = rb'(?:%b|[^",\r\n]*+)' % _QUOTED
_REGULAR_RECORD = rb"%b(?:,%b){%%d}+\r?\n" % (_REGULAR_FIELD, _REGULAR_FIELD)
_BESIDES_COMMA_AND_LF = bytes(byte for byte in range(256) if byte not in b",\n")
_MANY = 32

_BLOCK = 1 << 16
_SMALL_BLOCK = 1 << 10


def _regular(data: bytes, start: int, width: int, block: int) -> tuple[int, int]:
    """Return where the regular records from `start` on end, and how many they are.

    Lines without quotes are compared in bulk, a block at a time: stripped of their text they must
    be one and the same row of commas, over and over. From a quote on, records are matched, many at
    a time; before one that is not regular, one by one.
    """
    if width == 1 or data.startswith(codecs.BOM_UTF8, start):  # a blank line would pass for a value
        return start, 0
    unquoted = data[start : start + block].partition(b'"')[0]
    lines = unquoted[: unquoted.rfind(b"\n") + 1]
    count = lines.count(b"\n")
    many, one = _patterns(width)
    alike = b"," * (width - 1) + b"\n"
    if (
        count
        and lines.translate(None, _BESIDES_COMMA_AND_LF) == alike * count
        and (b"\r" not in lines or lines.count(b"\r") == lines.count(b"\r\n"))
    ):
        return start + len(lines), count
    count = 0
    while match := many.match(data, start):
        count, start = count + _MANY, match.end()
    while match := one.match(data, start):
        count, start = count + 1, match.end()
    return start, count


@cache
def _patterns(width: int) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    record = _REGULAR_RECORD % (width - 1)
    return re.compile(rb"(?:%b){%d}+" % (record, _MANY)), re.compile(record)
