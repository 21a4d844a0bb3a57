"""Each derived table is local: made of a few scopes' inputs, it is those scopes' rows."""

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.contract import Contract
from transforms.graph import Table, tables

at = datetime.fromisoformat

LOCAL = [table for table in tables().values() if table.contract.promise().scope]
VALUES: dict[type[pl.DataType], st.SearchStrategy[Any]] = {
    pl.String: st.sampled_from("abc"),
    pl.Int64: st.integers(0, 3),
    pl.Float64: st.sampled_from([0.0, 0.5, 2.0]),
    pl.Decimal: st.decimals(0, 3, places=2),
    pl.Datetime: st.datetimes(at("2016-02-28"), at("2016-03-02")),
    pl.Date: st.just(date(2016, 2, 29)),
}


def rows_of(contract: type[Contract]) -> st.SearchStrategy[pl.LazyFrame]:
    """Draw a few rows with the columns and the unique key that a contract promises."""
    columns = contract.to_schema().columns
    row = st.fixed_dictionaries(
        {
            name: VALUES[dtype.base_type()]
            | (st.none() if columns[name].nullable else st.nothing())
            for name, dtype in contract.fields().items()
        }
    )
    key = contract.promise().key
    rows = st.lists(row, max_size=6, unique_by=lambda row: tuple(row[name] for name in key))
    return rows.map(lambda rows: pl.LazyFrame(rows, schema=contract.fields()))


def within(frame: pl.LazyFrame, scope: str, wanted: set[str]) -> pl.LazyFrame:
    """Restrict a frame to some scopes; one that does not know the scope stays whole."""
    if scope in frame.collect_schema():
        return frame.filter(pl.col(scope).is_in(wanted))
    return frame


@pytest.mark.parametrize("table", LOCAL, ids=lambda table: table.name)
@settings(max_examples=40)
@given(data=st.data(), wanted=st.sets(st.sampled_from("abc")))
def test_some_scopes_alone_are_made_as_among_all(
    table: Table, data: st.DataObject, wanted: set[str]
) -> None:
    (scope,) = table.contract.promise().scope
    inputs = data.draw(
        st.fixed_dictionaries({name: rows_of(made_of) for name, made_of in table.inputs.items()})
    )
    restricted = {name: within(frame, scope, wanted) for name, frame in inputs.items()}
    among_all = within(table.function(**inputs), scope, wanted)
    alone = table.function(**restricted)
    assert_frame_equal(
        alone.collect(engine="streaming"), among_all.collect(), check_row_order=False
    )
