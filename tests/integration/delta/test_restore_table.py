"""The watermark and metrics that a restore takes back, and versions that it rejects."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from flows import delta
from flows.delta import data_files
from flows.delta.commit_log import last_metrics
from flows.delta.optimize import optimize_table
from flows.delta.restore import restore_table
from flows.delta.transactions import topic_identity
from flows.delta.versions import NoVersionError
from flows.kafka.topics import watermark_name
from flows.refresh.source_tables import refresh_source_table
from tests.support.arrivals import sellers_arrive
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]


def test_an_undone_restore_brings_the_offset_back(lake: str) -> None:
    sellers_arrive(lake, 0)
    sellers_arrive(lake, 1)
    restore_table(lake, "bronze.sellers", 0)
    assert delta.consumed(delta.open_existing(lake, "bronze.sellers"), "kafka/sellers/0") is None
    restore_table(lake, "bronze.sellers", 2)
    assert delta.consumed(delta.open_existing(lake, "bronze.sellers"), "kafka/sellers/0") == 1


def test_a_restore_takes_back_offset_and_topic_id_together(lake: str) -> None:
    source = watermark_name("sellers", 0)
    consumed = [{source: 50, topic_identity(source): 7}]
    consumed.append({source: 3, topic_identity(source): 8})  # the topic was created again
    for number, watermark in enumerate(consumed):
        sellers_arrive(lake, number)
        handle = delta.open_existing(lake, "bronze.sellers")
        delta.append(
            handle, delta.scan(handle).clear().collect(), delta.commit_properties(watermark, {})
        )
    restore_table(lake, "bronze.sellers", 2)
    handle = delta.open_existing(lake, "bronze.sellers")
    assert {name: delta.consumed(handle, name) for name in consumed[0]} == consumed[0]


def test_a_restore_takes_back_all_of_many_partitions(lake: str) -> None:
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


def test_a_quarantine_is_not_restored_alone(lake: str) -> None:
    sellers_arrive(lake, 0)
    refresh_source_table(lake, SELLERS)
    with pytest.raises(NoVersionError, match="restore its silver table"):
        restore_table(lake, "quarantine.sellers", 0)


@pytest.mark.parametrize("table", ["bronze.sellers", "silver.sellers"])
def test_a_version_whose_files_are_deleted_is_rejected(lake: str, table: str) -> None:
    for number in range(2):
        sellers_arrive(lake, number)
        refresh_source_table(lake, SELLERS)
    old = delta.as_of(delta.open_existing(lake, table), 1)
    optimize_table(lake, table, timedelta(days=1))
    for path in data_files.paths(old, data_files.files(old)["path"]):
        Path(path).unlink()
    with pytest.raises(
        NoVersionError, match=f"{table}: `keystone maintain` has deleted 1 files of version 1"
    ):
        restore_table(lake, table, 1)


def test_a_restore_takes_back_the_metrics(lake: str) -> None:
    for numbers in ([0], [1, 2]):
        sellers_arrive(lake, *numbers)
        refresh_source_table(lake, SELLERS)
    restore_table(lake, "silver.sellers", 1)
    assert last_metrics(delta.open_existing(lake, "silver.sellers"))["read"] == 1
    restore_table(lake, "silver.sellers", 0)
    restored = last_metrics(delta.open_existing(lake, "silver.sellers"))
    assert restored == {"restored": 0}
