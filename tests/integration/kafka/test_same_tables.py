"""A stream, files, or both end in the same tables; the comparison itself is tested too."""

import shutil
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import polars as pl
import pytest

from contracts.bronze import Orders
from flows import delta
from flows.kafka.client import KafkaSettings
from flows.kafka.drain import drain
from flows.kafka.producer import produce
from tests.support.kafka.same_tables import batch_lake, differences, unaccounted
from tests.support.kafka.shops import landings, shop
from tests.support.refresh import refresh

Step = Callable[[str], object]
GROUPS = count()


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The landing zones of two shops."""
    folder = tmp_path_factory.mktemp("shops")
    for number in (0, 1):
        shop(folder, number)
    return landings(folder)


@pytest.mark.parametrize("order", ["stream", "files stream", "stream files", "stream stream files"])
def test_stream_and_files_in_any_order_make_the_same_tables(
    order: str, lake: str, settings: KafkaSettings, shops: Sequence[Path], tmp_path: Path
) -> None:
    def stream(streamed: str) -> None:
        produce(str(shops[0]), settings)
        drain(streamed, settings.model_copy(update={"group": f"{next(GROUPS)}"}))
        refresh(streamed)

    def files(streamed: str) -> None:
        batch_lake(streamed, shops[:1])

    steps: dict[str, Step] = {"stream": stream, "files": files}
    for step in order.split():
        steps[step](lake)
    batch = str(tmp_path / "batch")
    batch_lake(batch, shops[:1])
    assert list(differences(lake, batch)) == []


def test_deletes_in_files_and_stream_make_the_same_tables(
    lake: str, settings: KafkaSettings, shops: Sequence[Path], tmp_path: Path
) -> None:
    landing = tmp_path / "landing"
    shutil.copytree(shops[0], landing)
    for name, key in (("orders", ["order_id"]), ("order_items", ["order_id", "order_item_id"])):
        (file,) = landing.glob(f"*{name}*.csv")
        rows = pl.read_csv(file, infer_schema=False)
        columns = [pl.lit(None, pl.String).alias(each) for each in rows.columns if each not in key]
        deletes = rows.gather_every(5).with_columns(*columns, _op=pl.lit("delete"))
        again = rows.gather_every(10).with_columns(_op=pl.lit("upsert"))
        both = [rows.with_columns(_op=pl.lit(None, pl.String)), deletes, again]
        pl.concat(both, how="diagonal").write_csv(file)
    produce(str(landing), settings)
    drain(lake, settings)
    refresh(lake)
    batch = str(tmp_path / "batch")
    batch_lake(batch, [landing])
    assert list(differences(lake, batch)) == []
    orders = delta.scan(delta.open_existing(lake, "bronze.orders")).collect()
    assert "delete" in orders["_operation"]


def test_differences_between_two_lakes_are_reported(shops: Sequence[Path], tmp_path: Path) -> None:
    one, both = str(tmp_path / "one"), str(tmp_path / "both")
    batch_lake(one, shops[:1])
    batch_lake(both, shops)
    fewer, more = list(differences(one, both)), list(differences(both, one))
    for table in ("silver.orders", "gold.fact_sales"):
        assert [line for line in fewer if line.startswith(table) and "fewer than the files" in line]
        assert [line for line in more if line.startswith(table) and "more than the files" in line]
    assert [line for line in fewer if line.startswith("quarantine.") and "lacks" in line]


def test_missing_or_repeated_bad_message_is_reported(tmp_path: Path) -> None:
    lake = str(tmp_path)
    quarantine = delta.open_quarantine(lake, Orders)
    row = delta.scan(quarantine).collect().clear(1).with_columns(_source=pl.lit("kafka/o/0"))
    row = row.with_columns(_position=pl.lit(7, pl.Int64))
    delta.append(quarantine, row, delta.commit_properties({}, {}))
    bad = pl.DataFrame({"topic": "o", "partition": 0, "_position": [7, 8]})
    (lost,) = unaccounted(lake, Orders, bad)
    assert "lacks 1 of 2 bad messages" in lost
    delta.append(quarantine, row, delta.commit_properties({}, {}))
    (twice,) = unaccounted(lake, Orders, bad.head(1))
    assert "2 records share their position" in twice
