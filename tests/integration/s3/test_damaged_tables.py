"""Tables on S3 whose log or data files are damaged."""

import pytest

from flows import delta
from flows.delta import data_files
from flows.delta.log_check import DamagedTableError
from flows.refresh.source_tables import refresh_source_table
from flows.storage import filesystem
from tests.support.arrivals import sellers_arrive
from tests.support.s3.objects import upload
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]


@pytest.fixture
def bronze(on_s3: str) -> str:
    """The log of a bronze table of versions 0 to 3, with a checkpoint of version 1."""
    for number in range(3):
        sellers_arrive(on_s3, number)
        if number == 0:
            delta.open_existing(on_s3, "bronze.sellers").create_checkpoint()
    return f"{delta.location(on_s3, 'bronze.sellers')}/_delta_log"


def test_a_log_is_listed_from_its_checkpoint(on_s3: str, bronze: str) -> None:
    upload(f"{bronze}/{0:020}.json", b"")
    found = filesystem.sizes(bronze, after=f"{1:020}")
    json = {f"{version:020}.json" for version in (1, 2, 3)}
    assert found.keys() == {*json, f"{1:020}.checkpoint.parquet", "_last_checkpoint"}
    assert min(found.values()) > 0
    assert delta.rows(delta.open_existing(on_s3, "bronze.sellers")) == 3


@pytest.mark.parametrize("damage", ["is empty", "is missing"])
def test_an_empty_or_missing_commit_is_named(on_s3: str, bronze: str, damage: str) -> None:
    commit = f"{bronze}/{2:020}.json"
    if damage == "is empty":
        upload(commit, b"")
    else:
        filesystem.remove(commit)
    with pytest.raises(DamagedTableError, match=rf"^bronze\.sellers: .*{2:020}\.json {damage}"):
        refresh_source_table(on_s3, SELLERS)
    assert delta.exists(on_s3, "bronze.sellers")


def test_data_without_a_log_is_a_damaged_table(on_s3: str, bronze: str) -> None:
    for name in filesystem.sizes(bronze):
        filesystem.remove(f"{bronze}/{name}")
    assert delta.exists(on_s3, "bronze.sellers")
    with pytest.raises(DamagedTableError, match="there are data files, but no _delta_log"):
        sellers_arrive(on_s3, 3)


def test_a_truncated_data_file_is_named(on_s3: str, bronze: str) -> None:
    handle = delta.open_existing(on_s3, "bronze.sellers")
    (first, *_) = data_files.files(handle)["path"]
    (uri,) = data_files.paths(handle, [first])
    upload(uri, filesystem.read(uri)[:-100])
    assert bronze
    with pytest.raises(DamagedTableError, match=rf"^bronze\.sellers: its data file {first}"):
        refresh_source_table(on_s3, SELLERS)
