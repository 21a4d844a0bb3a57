"""What holds for every table of the graph, whatever it makes; each law is a function of a table."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.reconcile import reconcile
from contracts.rules import rules
from contracts.strategies import broken, related, valid
from contracts.table_check import check_columns, check_table
from contracts.technical_columns import SILVER_PROVENANCE
from tests.arrivals import arrived
from transforms.deduplication import latest_versions
from transforms.graph import Table
from transforms.validation import validate_records

Law = Callable[[Table, st.DataObject], None]


def laws(table: Table) -> list[Law]:
    """Return the laws that apply to a table."""
    if table.source:
        return [
            valid_records_are_kept,
            a_broken_record_is_told_by_the_name_of_its_rule,
            every_record_ends_in_one_place,
            each_record_is_typed_for_itself,
            order_duplicates_and_parts_do_not_matter,
            of_one_file_the_later_record_wins,
            it_is_lazy,
        ]
    local = [some_keys_alone_are_made_as_among_all] if table.contract.spec().incremental_key else []
    return [valid_inputs_make_what_is_promised, its_money_is_that_of_its_inputs, *local, it_is_lazy]


def valid_records_are_kept(table: Table, data: st.DataObject) -> None:
    """Valid bronze keeps the silver contract, and nothing is quarantined."""
    raw = data.draw(valid(table.contract, source=table.source))
    before = raw.clone()
    _, invalid = _validated(table, arrived(raw))
    assert invalid.is_empty()
    silver = _silver(table, arrived(raw)).drop(SILVER_PROVENANCE.names()).collect()
    check_table(silver, table.contract, {})
    assert_frame_equal(raw, before)


def a_broken_record_is_told_by_the_name_of_its_rule(table: Table, data: st.DataObject) -> None:
    """Quarantine names exactly the rule that a row breaks, and leaves the others alone."""
    drawn = data.draw(broken(table.contract, source=table.source))
    warns = {rule.name for rule in rules(table.contract) if rule.warning}
    bad = pl.Series(range(len(drawn.frame))).is_in([] if drawn.rule in warns else drawn.rows)
    raw = arrived(drawn.frame)
    valid, invalid = _validated(table, raw)
    assert invalid["_broken_rules"].to_list() == [[drawn.rule]] * len(drawn.frame.filter(bad))
    assert_frame_equal(invalid.select(drawn.frame.columns), drawn.frame.filter(bad))
    alone, _ = _validated(table, raw.filter(~bad))
    assert_frame_equal(valid, alone)


def every_record_ends_in_one_place(table: Table, data: st.DataObject) -> None:
    """What is read is what is valid or invalid, record by record."""
    raw = arrived(data.draw(_records(table)))
    valid, invalid = _validated(table, raw)
    assert len(valid) + len(invalid) == len(raw)
    sound, none = _validated(table, raw.join(invalid, on="_position", how="anti"))
    assert none.is_empty()
    assert_frame_equal(valid, sound)
    accepted = latest_versions(valid.lazy(), table.contract.spec().key).collect()
    assert len(accepted.join(valid, on=valid.columns, how="anti", nulls_equal=True)) == 0


def each_record_is_typed_for_itself(table: Table, data: st.DataObject) -> None:
    """What becomes of a record does not depend on those beside it."""
    raw = data.draw(_records(table))
    one_by_one = [table.function(raw[[row]].lazy()) for row in range(len(raw))]
    together = table.function(raw.lazy()).collect()
    assert_frame_equal(together, pl.concat(pl.collect_all(one_by_one)))


def order_duplicates_and_parts_do_not_matter(table: Table, data: st.DataObject) -> None:
    """The same records in any order, some of them twice, in parts or at once, are one silver."""
    raw = data.draw(_records(table).flatmap(_delivered))
    at_once = _silver(table, raw).collect()
    order = data.draw(st.permutations([*range(len(raw)), *range(len(raw))]))
    cut = data.draw(st.integers(0, len(order)))
    in_parts = pl.concat([_silver(table, raw[part]) for part in (order[:cut], order[cut:])])
    together = latest_versions(in_parts, table.contract.spec().key).collect()
    assert_frame_equal(together, at_once, check_row_order=False)


def of_one_file_the_later_record_wins(table: Table, data: st.DataObject) -> None:
    """Of the records of one file with the same key, silver has the last one that is not broken."""
    raw = arrived(data.draw(_records(table)))
    valid, _ = _validated(table, raw)
    last = valid.unique(table.contract.spec().key, keep="last", maintain_order=True)
    order = data.draw(st.permutations(range(len(raw))))
    assert_frame_equal(_silver(table, raw[order]).collect(), last, check_row_order=False)


def valid_inputs_make_what_is_promised(table: Table, data: st.DataObject) -> None:
    """On valid inputs a function does not raise, changes none, and keeps all rules and its key."""
    inputs = data.draw(_inputs(table))
    before = {name: frame.clone() for name, frame in inputs.items()}
    made = _made(table, inputs).collect()
    check_table(made, table.contract, {})
    reconcile(made, table.contract, {table.inputs[name]: inputs[name].lazy() for name in inputs})
    for name, frame in inputs.items():
        assert_frame_equal(frame, before[name])


def its_money_is_that_of_its_inputs(table: Table, data: st.DataObject) -> None:
    """An amount that is taken over adds up to the same; what still waits for its order may miss."""
    complete = data.draw(st.booleans())
    inputs = data.draw(_frames(table, complete=complete))
    made = _made(table, inputs).collect()
    incremental_key = list(table.contract.spec().incremental_key)
    for frame in inputs.values():
        if set(incremental_key) <= {*frame.columns}:
            due = (
                frame
                if complete or not incremental_key
                else frame.join(made, on=incremental_key, how="semi")
            )
            amounts = sorted(_amounts(due) & _amounts(made))
            assert_frame_equal(
                due.select(pl.col(amounts).sum()), made.select(pl.col(amounts).sum())
            )


def some_keys_alone_are_made_as_among_all(table: Table, data: st.DataObject) -> None:
    """Computed from the inputs of some incremental keys, a table has the rows of those keys."""
    incremental_key = list(table.contract.spec().incremental_key)
    inputs = data.draw(_inputs(table))
    every = pl.concat(
        [f.select(incremental_key) for f in inputs.values() if {*incremental_key} <= {*f.columns}]
    )
    known = every.unique(maintain_order=True)
    wanted = known.filter(
        pl.Series(
            data.draw(st.lists(st.booleans(), min_size=len(known), max_size=len(known))),
            dtype=pl.Boolean,
        )
    )

    def within(frame: pl.LazyFrame) -> pl.LazyFrame:
        if {*incremental_key} <= {*frame.collect_schema()}:
            return frame.join(wanted.lazy(), on=incremental_key, how="semi")
        return frame

    alone = table.function(**{name: within(frame.lazy()) for name, frame in inputs.items()})
    assert_frame_equal(
        alone.collect(engine="streaming"),
        within(_made(table, inputs)).collect(),
        check_row_order=False,
    )


def it_is_lazy(table: Table, _data: st.DataObject) -> None:
    """A function computes nothing: what it reads may be much, or not there yet."""

    def forbidden(_frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError(table.name)

    inputs = {
        name: pl.LazyFrame(schema=read.fields()).map_batches(forbidden, schema=read.fields())
        for name, read in table.inputs.items()
    }
    check_columns(table.function(**inputs), table.contract)


@st.composite
def _records(draw: st.DrawFn, table: Table) -> pl.DataFrame:
    """Draw records of which some may be broken, and some versions of one key."""
    good = valid(table.contract, min_size=1, source=table.source)
    bad = broken(table.contract, source=table.source, max_size=3).map(lambda drawn: drawn.frame)
    return pl.concat(draw(st.lists(good | bad, min_size=1, max_size=2)))


def _delivered(raw: pl.DataFrame) -> st.SearchStrategy[pl.DataFrame]:
    """Draw from which files and partitions records come, where they stand there, and their time."""

    def each(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        return st.lists(values, min_size=len(raw), max_size=len(raw))

    return st.builds(
        lambda hours, sources, positions: arrived(raw, hours).with_columns(
            pl.Series("_source", sources, pl.String), pl.Series("_position", positions, pl.Int64)
        ),
        each(st.integers(0, 1)),
        each(st.sampled_from(SOURCES)),
        each(st.integers(1, 3)),
    )


SOURCES = (
    *(f"file/{digest * 64}/{name}.csv" for digest in "0f" for name in "ab"),
    *("kafka/topic/0", "kafka/topic/1"),
)


def _validated(table: Table, raw: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    valid, invalid = validate_records(raw.lazy(), table.function, table.contract)
    return valid.collect(), invalid.collect()


def _silver(table: Table, raw: pl.DataFrame) -> pl.LazyFrame:
    valid, _ = _validated(table, raw)
    return latest_versions(valid.lazy(), table.contract.spec().key)


def _inputs(table: Table) -> st.SearchStrategy[dict[str, pl.DataFrame]]:
    """Draw what a table is made of; some rows that others mention may not have come yet."""
    return st.booleans().flatmap(lambda complete: _frames(table, complete=complete))


def _frames(table: Table, *, complete: bool) -> st.SearchStrategy[dict[str, pl.DataFrame]]:
    read = table.inputs
    frames = related(*read.values(), complete=complete)
    return frames.map(lambda drawn: {name: drawn[contract] for name, contract in read.items()})


def _made(table: Table, inputs: Mapping[str, pl.DataFrame]) -> pl.LazyFrame:
    return table.function(**{name: frame.lazy() for name, frame in inputs.items()})


def _amounts(frame: pl.DataFrame) -> set[str]:
    return {name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Decimal)}
