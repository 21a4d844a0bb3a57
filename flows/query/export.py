"""Write the result of a query to a file: Parquet, CSV or Excel."""

import json
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from decimal import Decimal
from io import BytesIO
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import polars.selectors as cs

from flows.config.errors import SettingError
from flows.config.extras import require
from flows.config.settings import resolve_location
from flows.query.values import EXACT, SHEET, TEXT
from flows.storage import filesystem
from flows.storage.locations import check_output
from flows.storage.s3 import translate_errors


class DoesNotFitError(Exception):
    """An Excel sheet cannot hold the rows; the message names a format that can."""


def check_target(uri: str, lake: str) -> str:
    """Check that a result can be written to a file, before the query runs; return its location.

    Raises:
        SettingError: the name has no known format, the folder does not exist, or the file would be
            in the lake, the landing zone or the archive.
        MissingPackageError: only an extra writes this format, and it is not installed.
    """
    if _suffix(uri) not in _WRITERS:
        message = (
            f"{uri}: a result is written as {', '.join(_WRITERS)}; end the name with one of them"
        )
        raise SettingError(message)
    check_output(resolve_location("result", uri), lake)
    if not filesystem.is_s3(uri) and Path(uri).is_dir():
        message = f"{uri} is a folder; name a file"
        raise SettingError(message)
    if not filesystem.is_s3(uri) and not Path(uri).parent.is_dir():
        message = f"{uri}: there is no folder {Path(uri).parent}; create it first"
        raise SettingError(message)
    if _suffix(uri) == ".xlsx":
        require("xlsxwriter", "Excel files are written")
    return uri


def supported_types(uri: str) -> Collection[str]:
    """Return the SQL types that a file of this format can hold; `query` turns others into text."""
    return _SUPPORTED_TYPES[_suffix(uri)]


def write(rows: pl.DataFrame, uri: str) -> None:
    """Write rows to a file, in the format of its suffix: either all rows, or no file.

    Parquet and CSV are exact. Excel holds 15 digits of a float.

    Raises:
        DoesNotFitError: the format cannot hold the rows.
        OSError: the file cannot be written.
    """
    write_rows = _WRITERS[_suffix(uri)]
    if filesystem.is_s3(uri):
        with TemporaryDirectory() as folder, translate_errors(uri):
            file = Path(folder) / "result"
            write_rows(rows, file)
            filesystem.connect(uri).put_file(str(file), uri)
        return
    partial = Path(uri).with_name(f".{Path(uri).name}.{os.getpid()}.partial")
    try:
        write_rows(rows, partial)
        partial.replace(uri)
    except (OSError, pl.exceptions.ComputeError) as error:  # Polars raises either
        reason = (isinstance(error, OSError) and error.strerror) or error
        message = f"{uri} cannot be written: {reason}"
        raise OSError(message) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def as_csv(rows: pl.DataFrame) -> str:
    """Return rows as CSV: a null is an empty field, an empty string is two quotes."""
    return rows.write_csv(datetime_format=_MOMENT)


def as_json(rows: pl.DataFrame) -> str:
    """Return rows as a JSON list of objects. NaN and infinity are null: JSON does not have them."""
    # The largest of these integers has 39 digits, one more than a decimal may have.
    huge = [name for name, kind in rows.schema.items() if kind == pl.Decimal(38, 0)]
    names = [json.dumps(name, ensure_ascii=False) for name in rows.columns]
    objects = (
        ", ".join(f"{name}: {_json(value)}" for name, value in zip(names, row, strict=True))
        for row in rows.with_columns(pl.col(huge).cast(pl.Int128)).iter_rows()
    )
    return f"[{', '.join(f'{{{each}}}' for each in objects)}]"


def _json(value: object) -> str:
    # The json module writes NaN, which is not JSON, and has no exact form of a decimal.
    match value:
        case Decimal():
            return f"{value:f}"
        case float() if not isfinite(value):
            return "null"
        case list():
            return f"[{', '.join(map(_json, value))}]"
        case dict():
            parts = (f"{json.dumps(f'{name}')}: {_json(part)}" for name, part in value.items())
            return f"{{{', '.join(parts)}}}"
    return json.dumps(value, ensure_ascii=False, default=str)


def _suffix(uri: str) -> str:
    return Path(uri).suffix.lower()


def _parquet(rows: pl.DataFrame, file: Path) -> None:
    rows.write_parquet(file)


def _csv(rows: pl.DataFrame, file: Path) -> None:
    rows.write_csv(file, datetime_format=_MOMENT)


def _xlsx(rows: pl.DataFrame, file: Path) -> None:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - printing a result does not need it

    rows = _as_sheet(rows)
    _fits_a_sheet(rows)
    # In memory: on a full disk, a zip file that fails to close raises again when it is collected.
    sheet = BytesIO()
    with Workbook(sheet, _WORKBOOK_OPTIONS) as book:
        formats = {name: _number_format(kind) for name, kind in rows.schema.items()}
        rows.write_excel(
            book,
            column_formats={name: form for name, form in formats.items() if form},
            autofit=True,
        )
    file.write_bytes(sheet.getbuffer())


def _as_sheet(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn columns of exact numbers into text if a number has more digits than Excel keeps."""
    exact = rows.select(cs.integer() | cs.decimal()).cast(pl.String)
    digits = pl.all().str.replace(".", "", literal=True).str.strip_chars("-0").str.len_chars()
    longest = exact.select(digits.max())
    long = [column.name for column in longest if (column.item() or 0) > _DIGITS]
    return rows.with_columns(pl.col(long).cast(pl.String))


def _number_format(kind: pl.DataType) -> str:
    """Return the Excel format of a column; empty if the default of Polars is right."""
    if isinstance(kind, pl.Decimal) and kind.scale:
        return f"#,##0.{'0' * kind.scale}"
    # No thousands separators: an integer may be a date key.
    return "0" if isinstance(kind, pl.Decimal) or kind.is_integer() else ""


def _fits_a_sheet(rows: pl.DataFrame) -> None:
    if len(rows) > _ROWS:
        message = (
            f"{len(rows):,} rows: an Excel sheet holds 1,048,576 with the header; "
            "write .parquet or .csv, or select fewer rows"
        )
        raise DoesNotFitError(message)
    longest = rows.select(cs.string().str.len_chars().max())
    if long := [column.name for column in longest if (column.item() or 0) > _CHARACTERS]:
        message = (
            f"{', '.join(long)}: a text is longer than the {_CHARACTERS:,} characters of an Excel "
            "cell; write .parquet or .csv"
        )
        raise DoesNotFitError(message)
    first = rows.select(cs.date() | cs.datetime()).select(pl.all().dt.year().min())
    if old := [column.name for column in first if (column.item() or _YEAR) < _YEAR]:
        message = (
            f"{', '.join(old)}: Excel has no dates before {_YEAR}; write .parquet or .csv, "
            f"or select it as text: {old[0]}::VARCHAR"
        )
        raise DoesNotFitError(message)


_MOMENT = "%Y-%m-%d %H:%M:%S%.f"  # the format of the source files, with a fraction if there is one
_ROWS = 1_048_575
_DIGITS = 15
_YEAR = 1900
_CHARACTERS = 32_767
_WORKBOOK_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "nan_inf_to_errors": True,
    "remove_timezone": True,
}
_WRITERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".xlsx": _xlsx,
}
_SUPPORTED_TYPES = {".parquet": EXACT, ".csv": TEXT, ".xlsx": SHEET}
