"""Locations that a command rejects, because one would read or delete files of another."""

from pathlib import Path

import boto3
import pytest

from flows.config.errors import SettingError
from flows.query import export
from flows.site.docs.build import write_docs
from flows.site.report.build import write_report
from flows.storage.locations import (
    check_disjoint,
    check_output,
    create_lake,
    ingest_locations,
    warn_of_name,
)
from tests.support.aws import REGION


def table(folder: Path) -> Path:
    """Create a folder that looks like a Delta table."""
    (folder / "_delta_log").mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lake", "lake"),
        ("lake", "lake/"),
        ("lake", "lake/archive"),
        ("lake", "./other/../lake/gold"),
        ("lake/archive", "lake"),
        ("link", "lake"),
        ("link/below", "lake"),
        ("s3://b/lake", "s3://b/lake/"),
        ("s3://b/lake", "s3://b/lake/x"),
        ("s3://b/lake", "s3://b"),
    ],
)
def test_nested_locations_are_rejected(
    one: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lake").mkdir()
    Path("link").symlink_to("lake")
    for first, second in ((one, other), (other, one)):
        with pytest.raises(SettingError, match="choose separate locations") as caught:
            check_disjoint(lake=first, archive=second)
        assert first in str(caught.value)
        assert second in str(caught.value)


def test_separate_locations_are_accepted(
    tmp_path: Path, aws_account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del aws_account  # it has no bucket
    monkeypatch.chdir(tmp_path)
    check_disjoint(lake="lake", source="landing", archive="lake2", output=None)
    check_disjoint(lake="s3://b/lake", archive="s3://b/lake2", source="s3://b/Lake")
    check_disjoint(lake="s3://b/lake", archive="b/lake/archive")


@pytest.mark.parametrize("name", ["lake", "source", "archive", "output"])
@pytest.mark.parametrize("inside", ["", "sub/folder"])
def test_a_location_inside_a_table_is_rejected(name: str, inside: str, tmp_path: Path) -> None:
    foreign = table(tmp_path / "foreign")
    with pytest.raises(SettingError, match=r"is inside the Delta table .*foreign: "):
        check_disjoint(**{name: foreign / inside})


@pytest.mark.parametrize("name", ["lake", "source", "archive", "output"])
def test_a_location_inside_another_lake_is_rejected(name: str, tmp_path: Path) -> None:
    table(tmp_path / "lake" / "bronze" / "orders")
    with pytest.raises(SettingError, match=f"the {name} .* is inside the lake "):
        check_disjoint(**{name: tmp_path / "lake" / "sub"})
    check_disjoint(lake=tmp_path / "lake")


def test_an_s3_location_inside_a_table_or_lake_is_rejected(aws_account: str) -> None:
    bucket = boto3.client("s3", endpoint_url=aws_account)
    bucket.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    bucket.put_object(Bucket="data", Key="lake/bronze/orders/_delta_log/0.json")
    with pytest.raises(SettingError, match="is inside the lake s3://data/lake: "):
        check_disjoint(lake="s3://data/lake/sub")
    with pytest.raises(SettingError, match="is inside the Delta table s3://data/lake/bronze"):
        check_disjoint(archive="s3://data/lake/bronze/orders/archive")
    check_disjoint(lake="s3://data/lake", archive="s3://data/archive")


def test_an_output_inside_a_configured_location_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, archive = tmp_path / "lake", tmp_path / "archive"
    monkeypatch.setenv("KEYSTONE_ARCHIVE", str(archive))
    for write in (
        lambda: check_output(archive / "site", str(lake)),
        lambda: write_docs(str(lake), archive / "site"),
        lambda: write_report(str(lake), archive),
        lambda: export.check_target(str(archive / "rows.csv"), str(lake)),
    ):
        with pytest.raises(SettingError, match="the archive"):
            write()


def test_ingest_locations_are_given_or_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "landing").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KEYSTONE_ARCHIVE", raising=False)
    assert ingest_locations("landing", "lake", None) == ("landing", "lake", None)
    monkeypatch.setenv("KEYSTONE_ARCHIVE", "archive")
    assert ingest_locations("landing", "lake", None) == ("landing", "lake", "archive")
    with pytest.raises(FileNotFoundError, match="nowhere: there is no such folder"):
        ingest_locations("nowhere", "lake", None)


@pytest.mark.parametrize(
    ("name", "unsafe"), [("lake", ""), ("my lake", "' '"), ("água", "'á'"), ("{x}", "'{' '}'")]
)
def test_a_new_lake_with_unsafe_characters_in_its_path_is_warned_about(
    name: str, unsafe: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lake = tmp_path / name
    warn_of_name(str(lake))
    assert [unsafe in line for line in caplog.messages] == ([True] if unsafe else [])
    caplog.clear()
    lake.mkdir()
    warn_of_name.cache_clear()
    warn_of_name(str(lake))
    assert not caplog.messages


def test_a_lake_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for lake in (tmp_path / "file" / "lake", "/proc/x/lake"):
        with pytest.raises(OSError, match=f"^{lake}: the lake cannot be created \\(/"):
            create_lake(str(lake))
