"""A traced row follows from its records alone, and needs every record that is called decisive."""

from collections.abc import Mapping
from datetime import UTC, datetime
from shutil import copy

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows import delta
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.sample import write_sample
from flows.trace import Record, trace
from tests.support.examples import examples
from tests.support.in_memory import compute_tables
from tests.support.project import ROOT
from tests.support.refresh import refresh
from transforms.graph import Table, sources, tables

Raw = Mapping[str, pl.DataFrame]

COMPARED = {
    "gold.mart_category": {"rank", "sales_share"},
    "gold.mart_delivery_by_state": {"overdue"},
    "gold.mart_monthly_sales": {"growth"},
    "gold.mart_monthly_targets": {
        *("gmv_reached", "gmv_reached_share", "orders_reached", "orders_reached_share")
    },
    "gold.mart_payment_mix": {"payments_share", "value_share"},
    "gold.mart_review_by_lateness": {"reviews_share"},
}
"""The columns of marts that compare a row with the others."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake of two deliveries of dirty records; the second repeats, changes and deletes some."""
    folder = tmp_path_factory.mktemp("traced")
    first, second, location = folder / "first", folder / "second", str(folder / "lake")
    write_sample(first, 60, seed=1, dirty=0.05)
    copy(ROOT / "examples" / "monthly_targets.csv", first)
    second.mkdir()
    for path in first.glob("*.csv"):
        rows = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True)
        some = rows.gather_every(3).with_row_index("_n")
        is_delete = pl.col("_n") % 4 == 0
        some.select(pl.exclude("_n"), _op=pl.when(is_delete).then(pl.lit("delete"))).write_csv(
            second / path.name
        )
    for day, landing in enumerate((first, second), 1):
        for contract, files in find_files(str(landing))[0].items():
            ingest_table(location, contract, files, as_of=datetime(2019, 1, day, tzinfo=UTC))
        refresh(location)
    return location


@pytest.fixture(scope="module")
def raw(lake: str) -> Raw:
    return {
        (name := source.spec().table): delta.scan(delta.open_existing(lake, name)).collect()
        for source in sources()
    }


@pytest.mark.parametrize("name", tables())
@examples(2)
@given(data=st.data())
def test_traced_records_alone_give_the_row(
    lake: str, raw: Raw, name: str, data: st.DataObject
) -> None:
    table = tables()[name]
    row = _some_row(lake, table, data)
    traced = trace(lake, table, row.select(table.contract.spec().key), limit=None)
    assert traced.is_complete
    assert {*traced.differing} <= COMPARED.get(name, set())
    columns = [column for column in row.columns if column not in traced.differing]
    alone = compute_tables(_only(raw, traced.records))[name]
    assert_frame_equal(_of_key(table, alone, row).select(columns), row.select(columns))


@pytest.mark.parametrize("name", tables())
@examples(2)
@given(data=st.data())
def test_row_is_other_or_missing_without_a_decisive_record(
    lake: str, raw: Raw, name: str, data: st.DataObject
) -> None:
    table = tables()[name]
    row = _some_row(lake, table, data)
    column = data.draw(st.sampled_from([None, *table.contract.fields()]))
    key = list(table.contract.spec().key)
    traced = trace(lake, table, row.select(key), column=column)
    decisive = sorted(
        (record for record in traced.records if record.is_decisive),
        key=lambda record: (record.table, record.source, record.position),
    )
    if not decisive:
        return
    record = data.draw(st.sampled_from(decisive))
    without = _of_key(table, compute_tables(_without(raw, record))[name], row)
    columns = [*dict.fromkeys([*key, column])] if column else row.columns
    assert not without.select(columns).equals(row.select(columns))


def _some_row(lake: str, table: Table, data: st.DataObject) -> pl.DataFrame:
    stored = delta.scan(delta.open_existing(lake, table.name))
    rows = stored.select(table.contract.fields().names()).sort(table.contract.spec().key).collect()
    return rows[data.draw(st.integers(0, len(rows) - 1))]


def _of_key(table: Table, rows: pl.DataFrame, row: pl.DataFrame) -> pl.DataFrame:
    key = list(table.contract.spec().key)
    return rows.join(row.select(key), on=key, how="semi").select(row.columns)


def _only(raw: Raw, records: set[Record]) -> Raw:
    wanted = pl.DataFrame(
        [(each.table, each.source, each.position) for each in records],
        {"_table": pl.String, "_source": pl.String, "_position": pl.Int64},
        orient="row",
    )
    return {
        name: rows.join(wanted.filter(_table=name), on=["_source", "_position"], how="semi")
        for name, rows in raw.items()
    }


def _without(raw: Raw, record: Record) -> Raw:
    is_it = (pl.col("_source") == record.source) & (pl.col("_position") == record.position)
    return {**raw, record.table: raw[record.table].filter(~is_it)}
