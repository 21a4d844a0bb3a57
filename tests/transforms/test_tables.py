"""What holds for every table function, whatever it makes."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.contract import Contract
from contracts.technical import PROVENANCE
from transforms.graph import Table, tables

TYPED = [table for table in tables().values() if table.source]
TEXT = st.sampled_from(
    [None, "", " ", " a ", "7", "-7", "1.50", "1,5", "nan", "2017-11-24 10:00:00", "ana@exemplo.br"]
)


def empty(contract: type[Contract]) -> pl.LazyFrame:
    return pl.LazyFrame(schema=contract.fields())


@pytest.mark.parametrize("table", tables().values(), ids=lambda table: table.name)
def test_a_table_function_keeps_its_promise_of_columns_and_types(table: Table) -> None:
    made = table.function(**{name: empty(read) for name, read in table.inputs.items()})
    assert isinstance(made, pl.LazyFrame)
    promised = {*table.contract.fields().items()}
    assert {*made.collect_schema().items()} == promised
    assert {*made.collect().schema.items()} == promised
    assert made.collect().is_empty()


@pytest.mark.parametrize("table", TYPED, ids=lambda table: table.name)
def test_a_typing_function_looks_at_no_column_of_ours(table: Table) -> None:
    (read,) = table.inputs.values()
    raw = pl.LazyFrame(schema={**read.fields(), **PROVENANCE})
    assert table.function(raw).collect_schema() == table.function(empty(read)).collect_schema()


@pytest.mark.parametrize("table", TYPED, ids=lambda table: table.name)
@settings(max_examples=25)
@given(data=st.data())
def test_a_typing_function_types_each_record_for_itself(table: Table, data: st.DataObject) -> None:
    (read,) = table.inputs.values()
    record = st.fixed_dictionaries(dict.fromkeys(read.fields(), TEXT))
    records = data.draw(st.lists(record, min_size=1, max_size=5))
    one_by_one = [table.function(pl.LazyFrame([r], schema=read.fields())) for r in records]
    together = table.function(pl.LazyFrame(records, schema=read.fields()))
    assert_frame_equal(together, pl.concat(one_by_one))
