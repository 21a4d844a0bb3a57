"""Nothing is lost or repeated when processes die; the checks of the harness are tested too."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts.bronze import Orders
from contracts.technical_columns import stored_schema
from flows import delta
from tests.chaos.stream import chaos, race
from tests.support.kafka.broker import Broker
from tests.support.kafka.exactly_once import JOURNAL, faults, read_journals

SOURCE = "kafka/olist.orders/0"


def test_stream_loses_and_repeats_nothing_when_processes_die(
    real_kafka: Broker, tmp_path: Path
) -> None:
    assert chaos(real_kafka, tmp_path, rounds=25, seed=1) == []


@pytest.mark.parametrize("groups", [1, 8])
def test_eight_drainers_start_on_an_empty_lake(
    groups: int, real_kafka: Broker, tmp_path: Path
) -> None:
    assert race(real_kafka, tmp_path, drainers=8, groups=groups, records=4000) == []


def test_a_table_with_every_record_once_has_no_faults(tmp_path: Path) -> None:
    _append(tmp_path, [0, 1], stored_offset=1)
    _append(tmp_path, [2], stored_offset=2)
    assert _faults(tmp_path, end=3, journal=[0, 2]) == []


@pytest.mark.parametrize(
    ("commits", "end", "said"),
    [
        ([([0, 1], 1), ([1, 2], 2)], 3, "rows share their offsets"),
        ([([0, 1], 1), ([3], 3)], 4, "1 of 4 offsets are lost, such as 2"),
        ([([0, 1], 1)], 3, "the stored offset is 1, the end offset 3"),
        ([([0, 1, 2], 1)], 3, "version 1, kafka/olist.orders/0: offset -1 becomes 1 with 3 rows"),
        ([([1], 1), ([0], 1)], 2, "version 1, kafka/olist.orders/0: offset -1 becomes 1 with 1"),
        ([([0], 0), ([], 1)], 1, "version 2, kafka/olist.orders/0: offset 0 becomes 1 with 0 rows"),
        ([([0], 0), ([], 0)], 1, "version 2, kafka/olist.orders/0: offset 0 becomes 0 with 0 rows"),
    ],
)
def test_faults_of_a_table_are_reported(
    tmp_path: Path, commits: list[tuple[list[int], int]], end: int, said: str
) -> None:
    for positions, stored_offset in commits:
        _append(tmp_path, positions, stored_offset)
    assert [fault for fault in _faults(tmp_path, end) if said in fault]


def test_rows_removed_by_a_later_commit_are_reported(tmp_path: Path) -> None:
    _append(tmp_path, [0, 0], stored_offset=0)
    handle = delta.open_table(str(tmp_path), Orders)
    delta.replace(handle, _rows([0]), delta.commit_properties({}, {}))
    assert [fault for fault in _faults(tmp_path, end=1) if "version 2 removes" in fault]


def test_missing_acknowledged_record_is_reported(tmp_path: Path) -> None:
    _append(tmp_path, [0], stored_offset=0)
    (fault,) = _faults(tmp_path, end=1, journal=[0, 1])
    assert "1 acknowledged records are missing" in fault


def test_incomplete_last_line_of_a_journal_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "1.journal").write_text("olist.orders\t0\t0\tkey-0\t0/0\nolist.orders\t0\t1\tke")
    (tmp_path / "2.journal").write_text("olist.orders\t0\t2\tkey-2\t0/2\n")
    assert read_journals(tmp_path)["key"].to_list() == ["key-0", "key-2"]


def _append(lake: Path, positions: list[int], stored_offset: int) -> None:
    handle = delta.open_table(str(lake), Orders)
    delta.append(handle, _rows(positions), delta.commit_properties({SOURCE: stored_offset}, {}))


def _rows(positions: list[int]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {"order_id": f"key-{position}", "_source": SOURCE, "_position": position}
        for position in positions
    ]
    return pl.DataFrame(rows, stored_schema(Orders))


def _faults(lake: Path, end: int, journal: list[int] | None = None) -> list[str]:
    acknowledged = [("olist.orders", 0, offset, f"key-{offset}", "0/0") for offset in journal or []]
    return faults(
        str(lake),
        Orders,
        {SOURCE: end},
        pl.DataFrame(acknowledged, JOURNAL, orient="row"),
        pl.col("order_id"),
    )
