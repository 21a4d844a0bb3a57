"""Laws that hold for every table of the graph; each law is a function of a table."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.reconcile import reconcile
from contracts.rules import rules
from contracts.strategies import broken, related, valid
from contracts.table_check import check_columns, check_table
from contracts.technical_columns import DELETE, UPSERT
from tests.support.arrivals import arrived
from transforms.deduplication import all_versions, latest_versions
from transforms.graph import Table
from transforms.validation import validate_records

Law = Callable[[Table, st.DataObject], None]


def laws(table: Table) -> list[Law]:
    """Return the laws that apply to a table.

    Those of a history are in `tests.properties.test_history`.
    """
    if table.versions_of:
        return []
    if table.source:
        return [
            valid_records_are_accepted,
            quarantine_names_the_broken_rule,
            record_is_either_valid_or_invalid,
            records_are_typed_independently,
            delete_needs_only_its_key,
            order_duplicates_and_batches_do_not_matter,
            later_record_of_a_file_wins,
            function_is_lazy,
        ]
    local = (
        [function_is_local_in_its_incremental_key] if table.contract.spec().incremental_key else []
    )
    return [valid_inputs_give_valid_rows, amounts_are_conserved, *local, function_is_lazy]


def valid_records_are_accepted(table: Table, data: st.DataObject) -> None:
    """Valid bronze gives valid silver, and nothing is quarantined."""
    raw = data.draw(valid(table.contract, source=table.source))
    before = raw.clone()
    _, invalid = _validated(table, arrived(raw))
    assert invalid.is_empty()
    silver = _silver(table, arrived(raw)).select(table.contract.fields().names()).collect()
    check_table(silver, table.contract, {})
    assert_frame_equal(raw, before)


def quarantine_names_the_broken_rule(table: Table, data: st.DataObject) -> None:
    """Quarantine names exactly the broken rule, and the other rows are unaffected."""
    drawn = data.draw(broken(table.contract, source=table.source))
    warns = {rule.name for rule in rules(table.contract) if rule.warning}
    bad = pl.Series(range(len(drawn.frame))).is_in([] if drawn.rule in warns else drawn.rows)
    raw = arrived(drawn.frame)
    valid, invalid = _validated(table, raw)
    assert invalid["_broken_rules"].to_list() == [[drawn.rule]] * len(drawn.frame.filter(bad))
    assert_frame_equal(invalid.select(drawn.frame.columns), drawn.frame.filter(bad))
    alone, _ = _validated(table, raw.filter(~bad))
    assert_frame_equal(valid, alone)


def record_is_either_valid_or_invalid(table: Table, data: st.DataObject) -> None:
    """Every record is either valid or invalid, and no record is lost."""
    raw = arrived(data.draw(_records(table)))
    valid, invalid = _validated(table, raw)
    assert len(valid) + len(invalid) == len(raw)
    remaining, none = _validated(table, raw.join(invalid, on="_position", how="anti"))
    assert none.is_empty()
    assert_frame_equal(valid, remaining)
    accepted = latest_versions(valid.lazy(), table.contract.spec().key).collect()
    assert len(accepted.join(valid, on=valid.columns, how="anti", nulls_equal=True)) == 0


def records_are_typed_independently(table: Table, data: st.DataObject) -> None:
    """The typed form of a record does not depend on other records."""
    raw = data.draw(_records(table))
    one_by_one = [table.function(raw[[row]].lazy()) for row in range(len(raw))]
    together = table.function(raw.lazy()).collect()
    assert_frame_equal(together, pl.concat(pl.collect_all(one_by_one)))


def delete_needs_only_its_key(table: Table, data: st.DataObject) -> None:
    """A record without values outside its key is a valid delete of this key."""
    raw = data.draw(valid(table.contract, source=table.source))
    key, parsed_from = table.contract.spec().key, table.contract.parsed_from()
    others = {*raw.columns} - {parsed_from[name] for name in key}
    bare = raw.with_columns(pl.lit(None, pl.String).alias(name) for name in others)
    deletes = arrived(bare).with_columns(_operation=pl.lit(DELETE))
    found = validate_records(deletes.lazy(), table.function, table.contract)
    expected, _ = _validated(table, arrived(raw))
    deleted = found.deletes.collect()
    assert_frame_equal(deleted, expected.select(deleted.columns))


def order_duplicates_and_batches_do_not_matter(table: Table, data: st.DataObject) -> None:
    """Records in any order, with duplicates, in batches or at once, give the same silver.

    Some of them are deletes.
    """
    raw = data.draw(_records(table).flatmap(_delivered))
    at_once = _silver(table, raw).collect()
    order = data.draw(st.permutations([*range(len(raw)), *range(len(raw))]))
    cut = data.draw(st.integers(0, len(order)))
    in_parts = pl.concat([_silver(table, raw[part]) for part in (order[:cut], order[cut:])])
    together = latest_versions(in_parts, table.contract.spec().key).collect()
    assert_frame_equal(together, at_once, check_row_order=False)


def later_record_of_a_file_wins(table: Table, data: st.DataObject) -> None:
    """Among the records of a file with the same key, silver has the last valid one."""
    raw = arrived(data.draw(_records(table)))
    valid, _ = _validated(table, raw)
    last = valid.unique(table.contract.spec().key, keep="last", maintain_order=True)
    order = data.draw(st.permutations(range(len(raw))))
    silver = _silver(table, raw[order]).drop("_is_delete").collect()
    assert_frame_equal(silver, last, check_row_order=False)


def valid_inputs_give_valid_rows(table: Table, data: st.DataObject) -> None:
    """With valid inputs a function gives valid rows with a unique key, and changes no input."""
    inputs = data.draw(_inputs(table))
    before = {name: frame.clone() for name, frame in inputs.items()}
    lazy = {table.inputs[name]: inputs[name].lazy() for name in inputs}
    check_table(reconcile(_output(table, inputs), table.contract, lazy), table.contract, {})
    for name, frame in inputs.items():
        assert_frame_equal(frame, before[name])


def amounts_are_conserved(table: Table, data: st.DataObject) -> None:
    """Amounts of inputs and output have the same sum, apart from rows that await their order."""
    complete = data.draw(st.booleans())
    inputs = data.draw(_frames(table, complete=complete))
    output = _output(table, inputs).collect()
    incremental_key = list(table.contract.spec().incremental_key)
    for frame in inputs.values():
        if set(incremental_key) <= {*frame.columns}:
            expected = (
                frame
                if complete or not incremental_key
                else frame.join(output, on=incremental_key, how="semi")
            )
            amounts = sorted(_amounts(expected) & _amounts(output))
            assert_frame_equal(
                expected.select(pl.col(amounts).sum()), output.select(pl.col(amounts).sum())
            )


def function_is_local_in_its_incremental_key(table: Table, data: st.DataObject) -> None:
    """Computing a table from some incremental keys gives exactly the rows of those keys."""
    incremental_key = list(table.contract.spec().incremental_key)
    inputs = data.draw(_inputs(table))
    present = pl.concat(
        [f.select(incremental_key) for f in inputs.values() if {*incremental_key} <= {*f.columns}]
    )
    keys = present.unique(maintain_order=True)
    chosen = keys.filter(
        pl.Series(
            data.draw(st.lists(st.booleans(), min_size=len(keys), max_size=len(keys))),
            dtype=pl.Boolean,
        )
    )

    def within(frame: pl.LazyFrame) -> pl.LazyFrame:
        if {*incremental_key} <= {*frame.collect_schema()}:
            return frame.join(chosen.lazy(), on=incremental_key, how="semi")
        return frame

    alone = table.function(**{name: within(frame.lazy()) for name, frame in inputs.items()})
    assert_frame_equal(
        alone.collect(engine="streaming"),
        within(_output(table, inputs)).collect(),
        check_row_order=False,
    )


def function_is_lazy(table: Table, _data: st.DataObject) -> None:
    """A function builds a lazy frame and computes nothing."""

    def forbidden(_frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError(table.name)

    inputs = {
        name: pl.LazyFrame(schema=read.fields()).map_batches(forbidden, schema=read.fields())
        for name, read in table.inputs.items()
    }
    check_columns(table.function(**inputs), table.contract)


@st.composite
def _records(draw: st.DrawFn, table: Table) -> pl.DataFrame:
    """Draw records, of which some may be invalid or versions of the same key."""
    good = valid(table.contract, min_size=1, source=table.source)
    bad = broken(table.contract, source=table.source, max_size=3).map(lambda drawn: drawn.frame)
    return pl.concat(draw(st.lists(good | bad, min_size=1, max_size=2)))


def _delivered(raw: pl.DataFrame) -> st.SearchStrategy[pl.DataFrame]:
    """Draw the files and partitions of records, and their positions and times."""

    def each(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        return st.lists(values, min_size=len(raw), max_size=len(raw))

    return st.builds(
        lambda hours, sources, positions, operations: arrived(raw, hours).with_columns(
            pl.Series("_source", sources, pl.String),
            pl.Series("_position", positions, pl.Int64),
            pl.Series("_operation", operations, pl.String),
        ),
        each(st.integers(0, 1)),
        each(st.sampled_from(SOURCES)),
        each(st.integers(1, 3)),
        each(st.sampled_from([UPSERT, None, DELETE])),
    )


SOURCES = (
    *(f"file/{digest * 64}/{name}.csv" for digest in "0f" for name in "ab"),
    *("kafka/topic/0", "kafka/topic/1"),
)


def _validated(table: Table, raw: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    valid, _, invalid = validate_records(raw.lazy(), table.function, table.contract)
    return valid.collect(), invalid.collect()


def _silver(table: Table, raw: pl.DataFrame) -> pl.LazyFrame:
    """Return the latest version of each key, with `_is_delete`."""
    found = validate_records(raw.lazy(), table.function, table.contract)
    versions = all_versions(found.valid, found.deletes)
    return latest_versions(versions, table.contract.spec().key)


def _inputs(table: Table) -> st.SearchStrategy[dict[str, pl.DataFrame]]:
    """Draw the inputs of a table; some rows that others refer to may be missing."""
    return st.booleans().flatmap(lambda complete: _frames(table, complete=complete))


def _frames(table: Table, *, complete: bool) -> st.SearchStrategy[dict[str, pl.DataFrame]]:
    read = table.inputs
    frames = related(*read.values(), complete=complete)
    return frames.map(lambda drawn: {name: drawn[contract] for name, contract in read.items()})


def _output(table: Table, inputs: Mapping[str, pl.DataFrame]) -> pl.LazyFrame:
    return table.function(**{name: frame.lazy() for name, frame in inputs.items()})


def _amounts(frame: pl.DataFrame) -> set[str]:
    return {name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Decimal)}
