"""Why a file cannot be read as CSV, and what to do about it.

A finding names our own columns but never quotes the file: in a file without a header, the first
line is data.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HEAD = 1 << 16
"""How many bytes from the beginning of a file are enough for a diagnosis."""


class FileRejectedError(Exception):
    """A file that cannot be ingested; the message names the file, the reason and the remedy."""


class Finding(NamedTuple):
    """The reason why a file cannot be read, and the remedy."""

    reason: str
    remedy: str


def rejected(path: Path, reason: str, remedy: str) -> FileRejectedError:
    """Return the error for a file that cannot be ingested."""
    return FileRejectedError(f"{path.name}: {reason}, {remedy}")


def diagnose_name(name: str) -> tuple[str, Finding] | None:
    """Return the name that a file of another format would have as CSV, and what format it is.

    `orders.csv.gz` and `orders.json` would be `orders.csv`. None if the extension is unknown.
    """
    stem, _, extension = name.rpartition(".")
    for label, remedy, extensions, _ in _FORMATS:
        if extension.lower() in extensions:
            csv_name = stem if stem.lower().endswith(".csv") else f"{stem}.csv"
            return csv_name, _other_format(label, remedy)
    return None


def diagnose_format(head: bytes) -> Finding | None:
    """Recognize the format of an unreadable file by its first bytes; return None if unknown."""
    for label, remedy, _, signature in _FORMATS:
        if signature and re.match(signature, head, re.IGNORECASE):
            return _other_format(label, remedy)
    return _OLD_MAC if b"\r" in head and b"\n" not in head else None


def diagnose_quotes(header: str) -> Finding | None:
    """Return why the quotes of a header do not match; None if the cause is unknown."""
    for separator in _OTHER_SEPARATORS:
        if re.search(rf'"\s*{re.escape(separator)}\s*"', header):
            return _separated(separator)
    if re.search(r',\s+"|"\s+,', header):
        reason = "the header has a space between a quote and a comma"
        return Finding(reason, "remove such spaces from every line")
    return None


def diagnose_header(head: bytes, columns: Sequence[str]) -> Finding | None:
    """Return why columns are missing from the header of a file; None if the file lacks them.

    The search covers the first lines. It accepts other separators and line ends, and ignores
    invisible characters in the names.
    """
    text = head.decode(errors="ignore").removeprefix("\ufeff")
    above: list[str] = []
    for line, line_end in _LINE.findall(text)[:_HEADER_LINES]:
        separator, names = _split(line, columns)
        if found := [name for name in columns if name in names]:
            findings = [*_lines_above(above), *_separators(separator), *_line_ends(line_end)]
            findings += _invisible_characters({name: names[name] for name in found})
            return _joined(findings)
        above.append(line)
    for separator in _OTHER_SEPARATORS:
        if above[0].count(separator) >= len(columns) - 1 > above[0].count(","):
            return _separated(separator)
    return None


_UNPACK, _EXPORT, _SAVE = "unpack it", "export it as CSV", "save it as UTF-8"
_FORMATS = (  # label, remedy, extensions, signature
    ("UTF-32 text", _SAVE, (), rb"\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0{3}[^\0]\0{3}|\0{3}[^\0]\0{3}"),
    ("UTF-16 text", _SAVE, (), rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]"),
    ("compressed with gzip", _UNPACK, ("gz", "gzip"), rb"\x1f\x8b"),
    ("compressed with bzip2", _UNPACK, ("bz2",), rb"BZh[1-9]1AY&SY"),
    ("compressed with xz", _UNPACK, ("xz",), rb"\xfd7zXZ\0"),
    ("compressed with zstd", _UNPACK, ("zst", "zstd"), rb"\x28\xb5\x2f\xfd"),
    ("a 7z archive", _UNPACK, ("7z",), rb"7z\xbc\xaf\x27\x1c"),
    (
        "an Excel workbook",
        "save it as CSV UTF-8",
        ("xlsx", "xlsm", "xlsb", "xls"),
        rb"(?s)\xd0\xcf\x11\xe0|PK\x03\x04.{0,4000}(?:\[Content_Types\]\.xml|xl/)",
    ),
    ("a zip archive", _UNPACK, ("zip",), rb"PK\x03\x04"),
    ("a Parquet file", _EXPORT, ("parquet",), rb"PAR1"),
    ("JSON", _EXPORT, ("json", "jsonl", "ndjson"), rb'\s*(?:\{\s*"|\[\s*[\[{])'),
    ("a web page", "download the CSV file itself", ("html", "htm"), rb"\s*<(?:!doctype )?html"),
    ("XML", _EXPORT, ("xml",), rb"\s*<\?xml"),
    ("separated by tabs", "save it with commas", ("tsv", "tab"), b""),
)
_HEADER_LINES = 100
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_OTHER_SEPARATORS = ";\t|"
_OLD_MAC = Finding("lines end in CR alone, as on old Macs", "save it with LF or CRLF line ends")


def _other_format(label: str, remedy: str) -> Finding:
    return Finding(f"the file is {label}", remedy)


def _separated(separator: str) -> Finding:
    name = "tabs" if separator == "\t" else repr(separator)
    return Finding(f"the fields are separated by {name}", "save it with commas")


def _split(line: str, columns: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Split a line by the separator that yields most of the columns; return its fields by name."""
    splits = [
        (separator, {_visible(field): field for field in line.split(separator)})
        for separator in f",{_OTHER_SEPARATORS}"
    ]
    return max(splits, key=lambda split: len(split[1].keys() & set(columns)))


def _visible(field: str) -> str:
    visible = (character for character in field if not _is_invisible(character))
    return "".join(visible).strip(" \"'")


def _is_invisible(character: str) -> bool:
    return character != " " and unicodedata.category(character) in {"Cc", "Cf", "Zs", "Zl", "Zp"}


def _lines_above(lines: Sequence[str]) -> Iterator[Finding]:
    if lines and lines[0].lower().startswith("sep="):
        yield Finding("line 1 is a 'sep=' line of Excel", "remove that line")
        lines = lines[1:]
    if any(line.strip() for line in lines):
        yield Finding("the header is below lines of other text", "remove those lines")


def _separators(separator: str) -> Iterator[Finding]:
    if separator != ",":
        yield _separated(separator)


def _line_ends(line_end: str) -> Iterator[Finding]:
    if line_end == "\r":
        yield _OLD_MAC


def _invisible_characters(fields: dict[str, str]) -> Iterator[Finding]:
    for name, field in fields.items():
        if found := [c for c in field.strip().strip('"').strip() if _is_invisible(c)]:
            reason = (
                f"{name!r} in the header contains the invisible character U+{ord(found[0]):04X}"
            )
            yield Finding(reason, "remove it")


def _joined(findings: Sequence[Finding]) -> Finding | None:
    if not findings:
        return None
    reasons, remedies = zip(*findings[:_MAX_FINDINGS], strict=True)
    return Finding(" and ".join(reasons), " and ".join(dict.fromkeys(remedies)))


_MAX_FINDINGS = 5
