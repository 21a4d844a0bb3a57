"""A result of SQL as a file: Parquet, CSV or Excel."""

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import polars.selectors as cs

from flows import storage
from flows.locations import check_out
from flows.s3 import speaking_of
from flows.settings import MissingSettingError, place


class DoesNotFitError(Exception):
    """An Excel sheet cannot hold the rows; says what can."""


def fit(uri: str, lake: str) -> str:
    """Return where a file may be written, before anybody waits for its rows.

    Raises:
        MissingSettingError: its name does not say how to write it, there is no such folder, or it
            lies in the lake, the landing zone or the archive.
    """
    if _suffix(uri) not in _WRITERS:
        message = f"{uri}: a result is written as {', '.join(_WRITERS)}; end the name with one"
        raise MissingSettingError(message)
    check_out(place("result", uri), lake)
    if not storage.is_s3(uri) and Path(uri).is_dir():
        message = f"{uri} is a folder; name a file"
        raise MissingSettingError(message)
    if not storage.is_s3(uri) and not Path(uri).parent.is_dir():
        message = f"{uri}: there is no folder {Path(uri).parent}; make it first"
        raise MissingSettingError(message)
    return uri


def write(rows: pl.DataFrame, uri: str) -> None:
    """Write rows to a file in the format that its name ends with: all of them, or no file.

    Parquet and CSV keep every cent and moment as they are. Excel keeps 15 digits of a number.

    Raises:
        DoesNotFitError: an Excel sheet cannot hold them.
        OSError: the place does not take the file.
    """
    into = _WRITERS[_suffix(uri)]
    if storage.is_s3(uri):
        with TemporaryDirectory() as folder, speaking_of(uri):
            file = Path(folder) / "result"
            into(rows, file)
            storage.filesystem(uri).put_file(str(file), uri)
        return
    partial = Path(uri).with_name(f".{Path(uri).name}.{os.getpid()}.partial")
    try:
        into(rows, partial)
        partial.replace(uri)
    finally:
        partial.unlink(missing_ok=True)


def as_json(rows: pl.DataFrame) -> str:
    """Write rows as a list of JSON objects; what JSON has no number for (NaN) is null there."""
    floats = cs.float()
    rows = rows.with_columns(pl.when(floats.is_finite()).then(floats))
    return json.dumps(rows.to_dicts(), default=_plain, ensure_ascii=False)


def flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with JSON in the place of each list, struct and map, and bytes in hex."""
    return rows.with_columns(
        *(_json(name) for name in cs.expand_selector(rows, cs.nested())),
        cs.binary().bin.encode("hex"),
    )


def _json(name: str) -> pl.Expr:
    # Polars writes structs only: one around the value, taken off again.
    value = pl.col(name)
    written = pl.struct(value.alias("v")).struct.json_encode()
    return (
        pl.when(value.is_not_null()).then(written.str.slice(len('{"v":')).str.head(-1)).alias(name)
    )


def _plain(value: object) -> float | str:
    if isinstance(value, Decimal):
        return float(value) if value.as_tuple().exponent else int(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _suffix(uri: str) -> str:
    return Path(uri).suffix.lower()


def _parquet(rows: pl.DataFrame, file: Path) -> None:
    rows.write_parquet(file)


def _csv(rows: pl.DataFrame, file: Path) -> None:
    flat(rows).write_csv(file)


def _xlsx(rows: pl.DataFrame, file: Path) -> None:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - who prints a result need not wait for it

    rows = flat(rows)
    _fits_a_sheet(rows)
    with Workbook(str(file), _AS_IT_IS) as book:
        formats = {name: _number_format(kind) for name, kind in rows.schema.items()}
        rows.write_excel(
            book,
            column_formats={name: form for name, form in formats.items() if form},
            autofit=True,
        )


def _number_format(kind: pl.DataType) -> str:
    """Return how Excel shows a column; nothing, where what Polars chooses is right."""
    if isinstance(kind, pl.Decimal) and kind.scale:
        return f"#,##0.{'0' * kind.scale}"
    # No commas: a whole number can be the key of a day.
    return "0" if isinstance(kind, pl.Decimal) or kind.is_integer() else ""


def _fits_a_sheet(rows: pl.DataFrame) -> None:
    if len(rows) > _ROWS:
        message = (
            f"{len(rows):,} rows: an Excel sheet holds 1,048,576, and one is the header; "
            "write .parquet or .csv, or fewer rows"
        )
        raise DoesNotFitError(message)
    longest = rows.select(cs.string().str.len_chars().max())
    if long := [column.name for column in longest if (column.item() or 0) > _CHARACTERS]:
        message = (
            f"{', '.join(long)}: a cell of Excel holds {_CHARACTERS:,} characters, and a text is "
            "longer; write .parquet or .csv"
        )
        raise DoesNotFitError(message)


_ROWS = 1_048_575
_CHARACTERS = 32_767
_AS_IT_IS = {
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
