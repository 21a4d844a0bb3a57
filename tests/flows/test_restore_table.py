"""What a restore takes with the rows, and what it refuses."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from flows import delta
from flows.delta import data_files
from flows.delta.commit_log import last_metrics
from flows.delta.optimize import optimize_table
from flows.delta.restore import NoVersionError, restore_table
from flows.delta.transactions import topic_identity
from flows.kafka.topics import watermark_name
from flows.refresh.source_tables import refresh_source_table
from tests.arrivals import sellers_arrive
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]


def test_a_partition_that_comes_back_has_its_offset_again(lake: str) -> None:
    sellers_arrive(lake, 0)
    sellers_arrive(lake, 1)
    restore_table(lake, "bronze.sellers", 0)
    assert delta.consumed(delta.open_existing(lake, "bronze.sellers"), "kafka/sellers/0") is None
    restore_table(lake, "bronze.sellers", 2)
    assert delta.consumed(delta.open_existing(lake, "bronze.sellers"), "kafka/sellers/0") == 1


def test_an_offset_goes_back_with_the_topic_that_it_belongs_to(lake: str) -> None:
    source = watermark_name("sellers", 0)
    held = [{source: 50, topic_identity(source): 7}]
    held.append({source: 3, topic_identity(source): 8})  # the topic was created again
    for number, consumed in enumerate(held):
        sellers_arrive(lake, number)
        handle = delta.open_existing(lake, "bronze.sellers")
        delta.append(
            handle, delta.scan(handle).clear().collect(), delta.commit_properties(consumed, {})
        )
    restore_table(lake, "bronze.sellers", 2)
    handle = delta.open_existing(lake, "bronze.sellers")
    assert {name: delta.consumed(handle, name) for name in held[0]} == held[0]


def test_every_partition_goes_back_however_many_there_are(lake: str) -> None:
    sellers_arrive(lake, 0)
    handle = delta.open_existing(lake, "bronze.sellers")
    sources = [watermark_name("sellers", number) for number in range(1, 2001)]
    one = delta.scan(handle).drop("_source").collect()
    with_and_without_id = [*sources[:1000], *(f"{source}/{7:016x}" for source in sources[1000:])]
    rows = one.join(pl.DataFrame({"_source": with_and_without_id}), how="cross")
    delta.append(handle, rows, delta.commit_properties(dict.fromkeys(sources, 9), {}))
    restored = restore_table(lake, "bronze.sellers", 1)
    handle = delta.open_existing(lake, "bronze.sellers")
    assert {delta.consumed(handle, source) for source in sources} == {None}
    assert [*restored.removed_sources] == sorted(sources)


def test_a_quarantine_is_not_put_back_without_its_silver_table(lake: str) -> None:
    sellers_arrive(lake, 0)
    refresh_source_table(lake, SELLERS)
    with pytest.raises(NoVersionError, match="restore its silver table"):
        restore_table(lake, "quarantine.sellers", 0)


@pytest.mark.parametrize("table", ["bronze.sellers", "silver.sellers"])
def test_a_version_whose_files_are_deleted_is_refused(lake: str, table: str) -> None:
    for number in range(2):
        sellers_arrive(lake, number)
        refresh_source_table(lake, SELLERS)
    then = delta.as_of(delta.open_existing(lake, table), 1)
    optimize_table(lake, table, timedelta(days=1))
    for path in data_files.paths(then, data_files.files(then)["path"]):
        Path(path).unlink()
    with pytest.raises(
        NoVersionError, match=f"{table}: `keystone maintain` has deleted 1 files of version 1"
    ):
        restore_table(lake, table, 1)


def test_figures_go_back_with_the_rows(lake: str) -> None:
    for numbers in ([0], [1, 2]):
        sellers_arrive(lake, *numbers)
        refresh_source_table(lake, SELLERS)
    restore_table(lake, "silver.sellers", 1)
    assert last_metrics(delta.open_existing(lake, "silver.sellers"))["read"] == 1
    restore_table(lake, "silver.sellers", 0)
    restored = last_metrics(delta.open_existing(lake, "silver.sellers"))
    assert restored == {"restored": 0}
