"""The grammar of CSV: where records begin and end, and which of them Polars reads alike.

It is RFC 4180, in UTF-8, and a line may also end with LF alone. A quote opens or closes a whole
field, or is doubled inside of one; anywhere else it breaks its record. Any other character but
comma and LF is text, also a lone CR. A record with broken quotes is the line it starts on; reading
resumes on the next line. A record that is longer than `LONGEST` is broken, too.
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


LONGEST = 1 << 26
"""The most bytes of a record, its line end included: 64 MB."""


def runs(data: bytes, width: int, start: int = 0, *, more: bool = False) -> Iterator[Run]:
    """Cut whole lines into runs: many regular records of `width` fields, or one other record.

    With `more` to come, cutting stops before a record whose quotes are still open at the end.

    Time is linear. Each quote opens or closes, so while a record that later breaks is inside
    quotes, a record that starts on one of the lines it spans is outside of them at the end of each
    of these lines: it ends, or breaks, on its own line.
    """
    block = _BLOCK
    while start < len(data):
        end, records = _regular(data, start, width, block)
        if records:
            yield Run(end, records, regular=True)
            start, block = end, min(2 * block, _BLOCK)
            continue
        if record := _RECORD.match(data, start, start + LONGEST):
            end = record.end()
        elif more and _OPEN.match(data, start):
            return
        else:
            end = data.find(b"\n", start) + 1
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
_FIELD = rb'(?>%b|[^",\n]*+)' % _QUOTED
_FIELDS = rb"%b(?:,%b)*+" % (_FIELD, _FIELD)
_RECORD = re.compile(rb"%b\r?\n" % _FIELDS)
_OPEN = re.compile(rb"(?:%b,)*+%b\Z" % (_FIELD, _UNCLOSED))
_SOUND = re.compile(_FIELDS.decode())
_VALUE = re.compile(rf"(?:\A|,)({_QUOTED.decode()}|[^,]*+)")
_BLANK = (b"\n", b"\r\n")

# Regular is what Polars reads alike. It silently drops a \r from the end of an unquoted field, and
# takes a byte order mark at its start for no text.
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
    while match := many.match(data, start, start + LONGEST):
        count, start = count + _MANY, match.end()
    while match := one.match(data, start, start + LONGEST):
        count, start = count + 1, match.end()
    return start, count


@cache
def _patterns(width: int) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    record = _REGULAR_RECORD % (width - 1)
    return re.compile(rb"(?:%b){%d}+" % (record, _MANY)), re.compile(record)
