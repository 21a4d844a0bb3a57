"""Results of queries as files."""

import gc
import json
import resource
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import boto3
import polars as pl
import pytest
from hypothesis import given
from polars.testing import assert_frame_equal
from polars.testing.parametric import column, dataframes

from flows.config.errors import SettingError
from flows.query import export
from flows.query.sql import query
from flows.query.values import TEXT
from flows.sample import write_sample
from tests.support.aws import REGION
from tests.support.refresh import ingest, refresh
from transforms.graph import tables

XL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(file: Path) -> list[list[tuple[str, str]]]:
    """Return the cells of a sheet by row: the format and the value of each."""
    with ZipFile(file) as parts:
        texts = [
            "".join(text.itertext())
            for text in ET.fromstring(parts.read("xl/sharedStrings.xml"))  # noqa: S314 - our file
        ]
        styles = ET.fromstring(parts.read("xl/styles.xml"))  # noqa: S314 - our file
        rows = ET.fromstring(parts.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our file
    assert not [*rows.iter(f"{XL}f"), *rows.iter(f"{XL}hyperlink")]
    own = {form.get("numFmtId"): form.get("formatCode", "") for form in styles.iter(f"{XL}numFmt")}
    forms = [
        own.get(form.get("numFmtId"), form.get("numFmtId", ""))
        for form in styles.find(f"{XL}cellXfs") or []
    ]

    def cell(found: ET.Element) -> tuple[str, str]:
        value = found.findtext(f"{XL}v", "")
        is_text = found.get("t") == "s"
        return ("text", texts[int(value)]) if is_text else (forms[int(found.get("s", 0))], value)

    return [[cell(found) for found in row] for row in rows.iter(f"{XL}row")]


ROWS = dataframes(
    [
        column("money", pl.Decimal(18, 2), allow_null=True),
        column("total", pl.Decimal(38, 2), allow_null=True),
        column("text", pl.String, allow_null=True),
        column("moment", pl.Datetime("us"), allow_null=True),
        column("day", pl.Date, allow_null=True),
        column("clock", pl.Time, allow_null=True),
        column("count", pl.Int64, allow_null=True),
        column("share", pl.Float64, allow_null=True),
        column("yes", pl.Boolean, allow_null=True),
    ]
)


@given(rows=ROWS)
def test_parquet_reads_back_equal(
    rows: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("out") / "rows.parquet"
    export.write(rows, str(file))
    assert_frame_equal(pl.read_parquet(file), rows)


@given(rows=ROWS)
def test_csv_reads_back_equal(rows: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("out") / "rows.csv"
    export.write(rows, str(file))
    assert_frame_equal(pl.read_csv(file, schema=rows.schema), rows)


def test_sheet_holds_money_times_and_text_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "rows.xlsx"
    rows = pl.DataFrame(
        {
            "price": [Decimal("1234.50")],
            "day": [date(2018, 1, 2)],
            "moment": [datetime(2018, 1, 2, 12)],
            "read": [datetime(2018, 1, 2, 12, tzinfo=UTC)],
            "clock": [time(6)],
            "date_key": [20180102],
            "formula": ["=1+1"],
            "link": ["https://example.com"],
            "digits": ["00123"],
            "total": [12345678901234567],
            "round": [1_000_000_000_000_000_000],
            "nothing": [None],
        },
        schema_overrides={"price": pl.Decimal(18, 2)},
    )
    export.write(rows, str(file))
    header, cells = sheet(file)
    assert [name for _, name in header] == rows.columns
    assert cells[:-1] == [
        ("#,##0.00", "1234.50"),
        ("yyyy-mm-dd;@", "43102"),
        ("yyyy-mm-dd hh:mm:ss", "43102.5"),
        ("yyyy-mm-dd hh:mm:ss", "43102.5"),
        ("hh:mm:ss;@", "0.25"),
        ("0", "20180102"),
        ("text", "=1+1"),
        ("text", "https://example.com"),
        ("text", "00123"),
        ("text", "12345678901234567"),
        ("0", "1E+18"),
    ]


def test_csv_has_times_in_the_source_format_and_distinguishes_null_from_empty(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rows.csv"
    moments = [datetime(2018, 1, 2, 12), datetime(2018, 1, 2, 12, 0, 0, 500_000), None]
    rows = pl.DataFrame({"moment": moments, "text": ["", None, "a,b"]})
    export.write(rows, str(file))
    assert file.read_text() == export.as_csv(rows)
    assert file.read_text().splitlines() == [
        "moment,text",
        '2018-01-02 12:00:00,""',
        "2018-01-02 12:00:00.500,",
        ',"a,b"',
    ]


def test_json_has_exact_numbers_and_is_valid() -> None:
    rows = pl.DataFrame(
        {
            "huge": [2**127 - 1, None],
            "sum": [Decimal("12345678901234567.89"), Decimal(0)],
            "share": [float("nan"), float("inf")],
            "both": [{"a": [float("nan"), 0.1], "b": Decimal("1.50")}, None],
            'a "name"': ["São", True],
        },
        schema_overrides={"huge": pl.Int128, 'a "name"': pl.Object},
    )
    assert export.as_json(rows) == (
        f'[{{"huge": {2**127 - 1}, "sum": 12345678901234567.89, "share": null, '
        '"both": {"a": [null, 0.1], "b": 1.50}, "a \\"name\\"": "São"}, '
        '{"huge": null, "sum": 0.00, "share": null, "both": null, "a \\"name\\"": true}]'
    )
    json.loads(export.as_json(rows), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pl.DataFrame({"n": pl.int_range(1_048_576, eager=True)}), "1,048,576 rows"),
        (
            pl.DataFrame({"n": [1], "text": ["x" * 32_768]}),
            "text: a text is longer than the 32,767",
        ),
        (pl.DataFrame({"n": [1], "day": [date(1899, 12, 31)]}), "day: Excel has no dates before"),
    ],
)
def test_rows_that_do_not_fit_a_sheet_leave_the_old_file(
    rows: pl.DataFrame, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "rows.xlsx"
    file.write_text("old")
    with pytest.raises(export.DoesNotFitError, match=message):
        export.write(rows, str(file))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_failed_write_leaves_no_file(tmp_path: Path) -> None:
    objects = pl.DataFrame({"object": [object()]})  # CSV cannot hold it
    with pytest.raises(OSError, match=r"rows\.csv cannot be written: "):
        export.write(objects, str(tmp_path / "rows.csv"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_full_disk_is_reported_and_leaves_the_old_file(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"rows{suffix}"
    file.write_text("old")
    rows = pl.DataFrame({"n": pl.int_range(2_000, eager=True).shuffle(1).cast(pl.Float64).sqrt()})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(OSError, match=rf"rows\{suffix} cannot be written: .*too large"):
            export.write(rows, str(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    gc.collect()  # a half-closed file would raise now
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_unwritable_folder_is_named() -> None:
    with pytest.raises(OSError, match=r"^/proc/rows\.csv cannot be written: "):
        export.write(pl.DataFrame({"n": [1]}), "/proc/rows.csv")


@pytest.mark.parametrize("name", ["rows", "rows.txt", "rows.csv.gz", "s3://bucket/rows"])
def test_unknown_format_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match=r"as \.parquet, \.csv, \.xlsx"):
        export.check_target(name, "lake")


def test_folder_as_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").mkdir()
    with pytest.raises(SettingError, match=r"rows\.csv is a folder; name a file"):
        export.check_target(str(tmp_path / "rows.csv"), "lake")


def test_target_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="there is no folder"):
        export.check_target(str(tmp_path / "nowhere" / "rows.csv"), "lake")


@pytest.mark.parametrize(
    ("lake", "file"),
    [("lake", "lake/gold/rows.csv"), ("s3://b/lake/", "s3://b/lake/rows.csv"), (".", "rows.csv")],
)
def test_target_in_the_lake_is_refused(lake: str, file: str) -> None:
    with pytest.raises(SettingError, match="is inside the lake"):
        export.check_target(file, lake)


def test_target_may_be_on_s3(aws_account: str) -> None:
    bucket = boto3.client("s3", endpoint_url=aws_account)
    bucket.create_bucket(Bucket="results", CreateBucketConfiguration={"LocationConstraint": REGION})
    uri = export.check_target("s3://results/2018/rows.csv", "lake")
    export.write(pl.DataFrame({"n": [1]}), uri)
    assert bucket.get_object(Bucket="results", Key="2018/rows.csv")["Body"].read() == b"n\n1\n"


@pytest.mark.usefixtures("aws_account")
def test_missing_bucket_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"s3://nowhere/rows\.csv: "):
        export.write(pl.DataFrame({"n": [1]}), "s3://nowhere/rows.csv")


def test_exported_csv_can_be_ingested_again(tmp_path: Path) -> None:
    write_sample(tmp_path / "landing", 30, seed=1)
    lake, again = str(tmp_path / "lake"), str(tmp_path / "again")
    names = ("silver.orders", "silver.order_items", "silver.order_payments", "silver.order_reviews")
    ingest(tmp_path / "landing", lake)
    refresh(lake, *names)
    (tmp_path / "exported").mkdir()
    statements = {}
    for name in names:
        source = tables()[name].source
        assert source
        statements[name] = f"SELECT {', '.join(source.fields().names())} FROM {name}"  # noqa: S608 - our own column names
        rows = query(lake, statements[name], keep=TEXT)
        export.write(rows, str(tmp_path / "exported" / f"{source.spec().name}.csv"))
    ingest(tmp_path / "exported", again)
    refreshed = refresh(again, *names)
    assert not any(outcome.quarantined for outcome in refreshed.values())
    for statement in statements.values():
        assert_frame_equal(query(again, statement), query(lake, statement), check_row_order=False)
