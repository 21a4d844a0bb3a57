"""Rejected files: the message names the cause and the remedy, and quotes no data."""

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.ingest.csv_diagnosis import (
    FileRejectedError,
    Finding,
    diagnose_format,
    diagnose_header,
    diagnose_quotes,
)
from flows.ingest.csv_reader import inspect_csv, scan_records
from flows.ingest.landing_zone import find_files

COLUMNS = ["order_id", "city"]
SECRET = "maria.silva"
TEXT = f"order_id,city\n1,{SECRET}\n2,São Paulo\n"


def rejection(folder: Path, content: bytes) -> str:
    path = folder / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(FileRejectedError) as rejected:
        scan_records(path, inspect_csv(path), COLUMNS)
    message = str(rejected.value)
    assert SECRET not in message
    assert message.isprintable()
    return message.removeprefix("orders.csv: ")


def in_zip(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, TEXT)
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"order_id": ["1"]}).write_excel(buffer)
    return buffer.getvalue()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"order_id": ["1"]}).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TEXT.encode("utf-16"), "the file is UTF-16 text, save it as UTF-8"),
        (TEXT.encode("utf-16-le"), "the file is UTF-16 text, save it as UTF-8"),
        (TEXT.encode("utf-16-be"), "the file is UTF-16 text, save it as UTF-8"),
        (TEXT.encode("utf-32"), "the file is UTF-32 text, save it as UTF-8"),
        (TEXT.encode("utf-32-le"), "the file is UTF-32 text, save it as UTF-8"),
        (TEXT.encode("utf-32-be"), "the file is UTF-32 text, save it as UTF-8"),
        (gzip.compress(TEXT.encode()), "the file is compressed with gzip, unpack it"),
        (bz2.compress(TEXT.encode()), "the file is compressed with bzip2, unpack it"),
        (lzma.compress(TEXT.encode()), "the file is compressed with xz, unpack it"),
        (in_zip("orders.csv"), "the file is a zip archive, unpack it"),
        (workbook(), "the file is an Excel workbook, save it as CSV UTF-8"),
        (parquet(), "the file is a Parquet file, export it as CSV"),
        (b'[{"order_id": "1"}]\n', "the file is JSON, export it as CSV"),
        (b'{"order_id": "1"}\n{"order_id": "2"}\n', "the file is JSON, export it as CSV"),
        (b"<!DOCTYPE html>\n<p>", "the file is a web page, download the CSV file itself"),
        (
            TEXT.replace("\n", "\r").encode(),
            "lines end in CR alone, as on old Macs, save it with LF or CRLF line ends",
        ),
    ],
    # An archive holds its time of creation, so its bytes as an id would differ between processes.
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_rejection_of_another_format_names_the_format(
    tmp_path: Path, content: bytes, message: str
) -> None:
    assert rejection(tmp_path, content) == message


SEP = "line 1 is a 'sep=' line of Excel"
SPACED = "the header has a space between a quote and a comma, remove such spaces from every line"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("order_id;city", "the fields are separated by ';', save it with commas"),
        ('"order_id";"city"', "the fields are separated by ';', save it with commas"),
        ("order_id\tcity", "the fields are separated by tabs, save it with commas"),
        ("order_id|city", "the fields are separated by '|', save it with commas"),
        ('"order_id", "city"', SPACED),
        ('"order_id" ,"city"', SPACED),
        ("sep=,\norder_id,city", f"{SEP}, remove that line"),
        (
            "sep=;\r\norder_id;city",
            f"{SEP} and the fields are separated by ';', remove that line and save it with commas",
        ),
        (
            f"{SECRET},,\n\norder_id,city",
            "the header is below lines of other text, remove those lines",
        ),
        (
            "order_id\u200b,city",
            "'order_id' in the header contains the invisible character U+200B, remove it",
        ),
        (
            "\ufeff\ufefforder_id,city",
            "'order_id' in the header contains the invisible character U+FEFF, remove it",
        ),
        (
            "order_id,ci\u00a0ty",
            "'city' in the header contains the invisible character U+00A0, remove it",
        ),
        ("order_id,town", "the header lacks 'city', add or rename these columns"),
        (f"1,{SECRET}", "the header lacks 'order_id', 'city', add or rename these columns"),
        (f"1;{SECRET}", "the fields are separated by ';', save it with commas"),
        (f'1"{SECRET},2', "the quotes of the header do not match, correct the header"),
    ],
)
def test_rejection_of_a_header_names_the_cause(tmp_path: Path, header: str, message: str) -> None:
    assert rejection(tmp_path, f"{header}\n1,{SECRET}\n".encode()) == message


def test_header_with_surrounding_white_space_is_found(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("\ufeff order_id\u00a0, city \n1,x\n")
    assert scan_records(path, inspect_csv(path), COLUMNS).collect()["order_id"].to_list() == ["1"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("orders.csv.gz", "the file is compressed with gzip, unpack it"),
        ("olist_orders_dataset.csv.ZIP", "the file is a zip archive, unpack it"),
        ("orders_2018-10.xlsx", "the file is an Excel workbook, save it as CSV UTF-8"),
        ("orders.json", "the file is JSON, export it as CSV"),
        ("orders.parquet", "the file is a Parquet file, export it as CSV"),
        ("orders.tsv", "the file is separated by tabs, save it with commas"),
    ],
)
def test_file_of_another_format_gets_a_hint(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).touch()
    _, (error,) = find_files(str(tmp_path))
    assert str(error) == f"{name}: {message}"


@pytest.mark.parametrize("name", ["photos.zip", "disorders.csv.gz", "orders", "gz"])
def test_file_with_an_unknown_name_belongs_to_no_table(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    _, (error,) = find_files(str(tmp_path))
    assert str(error).startswith(f"{name}: belongs to no table")


@given(head=st.binary() | st.text().map(str.encode))
def test_diagnosis_accepts_any_bytes(head: bytes) -> None:
    header = head.decode(errors="ignore")
    found = diagnose_format(head), diagnose_quotes(header), diagnose_header(head, COLUMNS)
    assert all(isinstance(finding, Finding | None) for finding in found)
