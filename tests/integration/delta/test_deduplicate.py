"""Resolving all records chunk by chunk gives the same result as resolving them at once."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.silver.sellers import Sellers
from contracts.technical_columns import PROVENANCE
from flows import delta
from flows.config.errors import ConservationError
from flows.delta import data_files
from flows.delta.data_files import Written
from flows.refresh import deduplicate
from flows.refresh.chunks import chunks
from flows.refresh.deduplicate import resolve_all
from transforms.graph import tables

NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)
SELLERS = tables()["silver.sellers"]


def records(*ids: int, city: str = "recife", hour: int = 0) -> pl.LazyFrame:
    rows = [
        {
            "seller_id": f"{each:032x}" if each else "?",
            "seller_zip_code_prefix": "20040",
            "seller_city": city,
            "seller_state": "RJ",
            "_event_time": NOON.replace(hour=hour),
        }
        for each in ids
    ]
    return pl.LazyFrame(rows, {**bronze.Sellers.fields(), **PROVENANCE})


@pytest.mark.parametrize("size", [2, 5, 1000])
def test_result_does_not_depend_on_the_chunk_size(
    size: int, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_files, "ROWS", size)
    raw = pl.concat(
        [
            records(*range(30)),
            records(*range(10, 40), city="belem", hour=2),
            records(*range(20), city="natal", hour=1),
        ]
    )
    silver = delta.open_table(lake, Sellers)
    result = resolve_all(raw, 80, silver, SELLERS, size)
    assert isinstance(result.accepted, Written)
    conserved = {"read": 80, "accepted": 39, "superseded": 39, "deleted": 0, "quarantined": 2}
    assert result.metrics() == conserved
    delta.rebuild(silver, result.accepted, delta.commit_properties({}, {}), Sellers)
    cities = delta.scan(silver).group_by("seller_city").len().sort("seller_city").collect()
    assert cities.rows() == [("belem", 30), ("natal", 9)]
    on_disk = {path.name for path in Path(lake, "silver", "sellers").glob("*.parquet")}
    assert on_disk == set(
        data_files.files(silver)["path"]
    )  # the files of the first pass are removed


def test_lost_key_is_a_conservation_error(lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def lossy(rows: int, by: Sequence[str], size: int) -> Iterator[pl.Expr]:
        yield from [*chunks(rows, by, size)][1:]  # as if two workers computed different hashes

    monkeypatch.setattr(deduplicate, "chunks", lossy)
    raw = pl.concat([records(*range(30)), records(*range(30), hour=1)])
    with pytest.raises(
        ConservationError, match=r"^silver\.sellers: only \d+ of 29 keys have a latest"
    ):
        resolve_all(raw, 60, delta.open_table(lake, Sellers), SELLERS, 5)


def test_source_without_records_gives_an_empty_table(lake: str) -> None:
    silver = delta.open_table(lake, Sellers)
    result = resolve_all(records(), 0, silver, SELLERS, 5)
    assert result.rows == 0
    delta.replace(silver, result.accepted, delta.commit_properties({}, {}))
    assert_frame_equal(delta.scan(silver).collect(), delta.scan(silver).clear().collect())
