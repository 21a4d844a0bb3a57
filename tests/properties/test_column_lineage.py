"""The column lineage is true: what has no edge does not matter, and what has an edge does.

The inputs are valid. A changed one keeps its types and its unique key; its columns may contradict
each other.
"""

from collections.abc import Collection, Iterator
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.strategies import related, valid
from tests.support.examples import examples
from transforms.graph import Table, tables
from transforms.lineage import ColumnLineage, column_lineage

Inputs = dict[str, pl.DataFrame]
Pair = tuple[str, str, str]
"""A column of a table, or `ROWS`; and an input table with one of its columns."""

ROWS = "(rows)"
FEW = 0.2
TOGETHER = 8
"""The number of drawn inputs that are put together, so that groups have several rows."""

ROUNDS, MOST_ROUNDS = 5, 2_000
"""The rounds that change every column; and, with those that change only columns of edges for which
no round has shown a difference, the most rounds."""


# All histories have the same function, which has laws of its own and reads technical columns.
COMPUTED = [table for table in tables().values() if not table.versions_of]


@pytest.mark.parametrize("table", COMPUTED, ids=lambda table: table.name)
def test_column_lineage_is_what_changed_inputs_show(table: Table) -> None:
    lineage = column_lineage(table)
    without = edges_without_effect(table, pairs(lineage), null_tests_of_present(table, lineage))
    assert sorted(without) == []


def test_a_missing_edge_is_found() -> None:
    table = tables()["gold.agg_monthly_payments"]
    wrong = {pair for pair in pairs(column_lineage(table)) if pair[0] != "payment_value"}
    with pytest.raises(AssertionError, match="payment_value"):
        edges_without_effect(table, wrong)


def test_an_edge_without_an_effect_is_found() -> None:
    table = tables()["gold.agg_monthly_payments"]
    wrong = ("payments", "gold.fact_payments", "payment_value")
    expected = {wrong, *pairs(column_lineage(table))}
    assert edges_without_effect(table, expected, rounds=100) == {wrong}


def edges_without_effect(
    table: Table,
    expected: set[Pair],
    untestable: Collection[Pair] = (),
    rounds: int = MOST_ROUNDS,
) -> set[Pair]:
    """Return the edges that no change of an input shows, without those that valid rows cannot show.

    Raises:
        AssertionError: a column changes that has no edge to the changed one.
    """
    drawn, random = draw_inputs(table), Random(1)
    every = together(table, drawn)
    unseen = expected - {*untestable}
    parts = [drawn[start : start + TOGETHER] for start in range(0, len(drawn), TOGETHER)]
    for number in range(rounds):
        inputs = together(table, parts[number % len(parts)])
        base = inputs if number < len(parts) else coarse(table, inputs, every, random)
        changes = [
            ((read.spec().table, column), base | {name: after})
            for name, read in table.inputs.items()
            for column in read.fields()
            if number < ROUNDS or (read.spec().table, column) in {pair[1:] for pair in unseen}
            for after in changed(base[name], column, every[name][column].to_list(), random)
            if has_unique_key(table, name, after) and not after.equals(base[name])
        ]
        before, *results = pl.collect_all(
            output(table, inputs) for inputs in (base, *(after for _, after in changes))
        )
        for (column, _), after in zip(changes, results, strict=True):
            kept = [name for name in before.columns if (name, *column) not in expected]
            has_same_rows = (ROWS, *column) not in expected
            assert_only_others_change(table, kept, before, after, has_same_rows=has_same_rows)
            unseen -= {(name, *column) for name in differing(table, kept, before, after)}
        if not unseen and number >= ROUNDS:
            break
    return unseen


def null_tests_of_present(table: Table, lineage: ColumnLineage) -> set[Pair]:
    """Return the edges that only ask whether a column is null which never is."""
    declared = {c.spec().table: c.to_schema().columns for c in table.inputs.values()}
    every = {**lineage.columns, ROWS: lineage.rows}
    return {
        (name, edge.table, edge.column)
        for name, edges in every.items()
        for edge in edges
        if edge.masked and not declared[edge.table][edge.column].nullable
    }


def draw_inputs(table: Table) -> list[Inputs]:
    """Draw valid inputs of a table; rows that others refer to may be missing."""
    found: list[Inputs] = []

    @examples(6 * TOGETHER)
    @given(inputs=small_inputs(table))
    def collect(inputs: Inputs) -> None:
        found.append(inputs)

    collect()
    return found


def small_inputs(table: Table) -> st.SearchStrategy[Inputs]:
    if table.source:
        (name,) = table.inputs
        raw = valid(table.contract, min_size=2, source=table.source)
        return raw.map(lambda records: {name: records})
    frames = st.booleans().flatmap(lambda full: related(*table.inputs.values(), complete=full))
    return frames.map(lambda found: {name: found[read] for name, read in table.inputs.items()})


def together(table: Table, drawn: list[Inputs]) -> Inputs:
    found = {name: pl.concat([inputs[name] for inputs in drawn]) for name in table.inputs}
    keys = {name: read.spec().key for name, read in table.inputs.items()}
    return {
        name: rows.unique(keys[name], maintain_order=True) if keys[name] else rows
        for name, rows in found.items()
    }


def coarse(table: Table, inputs: Inputs, every: Inputs, random: Random) -> Inputs:
    """Give the columns of the inputs few of all values, so that rows have the same ones."""
    found, values = dict(inputs), dict[str, list[object]]()
    for name, frame in inputs.items():
        for column in frame.columns if len(frame) else ():
            # Inputs that are joined by a column have the same values in it.
            drawn = [*dict.fromkeys(every[name][column].to_list())]
            few = values.setdefault(column, random.choices(drawn, k=3))
            new = pl.Series(column, random.choices(few, k=len(frame)), frame.schema[column])
            if has_unique_key(table, name, after := found[name].with_columns(new)):
                found[name] = after
    return found


def changed(
    frame: pl.DataFrame, column: str, others: list[object], random: Random
) -> Iterator[pl.DataFrame]:
    """Yield an input with other values in a column, its own ones or those of other inputs."""
    values = frame[column].to_list()
    distinct = [*dict.fromkeys(others)]
    for new in (
        random.sample(values, len(values)),
        [random.choice(values) if random.random() < FEW else value for value in values],
        [random.choice(others) if random.random() < FEW else value for value in values],
        random.sample(distinct * (len(values) // len(distinct) + 1), len(values)) if values else [],
        values[:1] * len(values),
    ):
        yield frame.with_columns(pl.Series(column, new, frame.schema[column]))


def has_unique_key(table: Table, name: str, frame: pl.DataFrame) -> bool:
    key = table.inputs[name].spec().key
    return not key or not frame.select(pl.struct(key).is_duplicated().any()).item()


def output(table: Table, inputs: Inputs) -> pl.LazyFrame:
    return table.function(**{name: frame.lazy() for name, frame in inputs.items()})


def pairs(lineage: ColumnLineage) -> set[Pair]:
    every = {**lineage.columns, ROWS: lineage.rows}
    return {(name, edge.table, edge.column) for name, edges in every.items() for edge in edges}


def assert_only_others_change(
    table: Table,
    kept: list[str],
    before: pl.DataFrame,
    after: pl.DataFrame,
    *,
    has_same_rows: bool,
) -> None:
    key = [*table.contract.spec().key]
    if has_same_rows:
        assert len(before) == len(after)
        assert_frame_equal(before.select(kept), after.select(kept), check_row_order=False)
    elif {*key} <= {*kept}:  # rows may come and go, but those that stay are the same
        assert_frame_equal(
            before.select(kept).join(after, on=key, how="semi"),
            after.select(kept).join(before, on=key, how="semi"),
            check_row_order=False,
        )


def differing(table: Table, kept: list[str], before: pl.DataFrame, after: pl.DataFrame) -> set[str]:
    """Return the columns whose values differ, and `ROWS` if the keys do.

    Rows have no order, so a value counts with those of the columns in `kept`, if they are the same.
    """
    beside = kept if same(before, after, kept) else []
    differ = {
        name
        for name in before.columns
        if name not in kept and not same(before, after, [*beside, name])
    }
    keys_differ = len(before) != len(after) or differ & {*table.contract.spec().key}
    return differ | ({ROWS} if keys_differ else set())


def same(before: pl.DataFrame, after: pl.DataFrame, names: list[str]) -> bool:
    """Return whether two frames have the same rows in some columns, in any order."""
    return not names or before.select(names).sort(names).equals(after.select(names).sort(names))
