"""Records that arrive in any batches, refreshed at any time, give the same tables as a rebuild."""

from collections.abc import Iterable
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.contract import Bronze
from contracts.strategies import broken, related, to_raw_text
from flows import delta
from tests.support.arrivals import arrived
from tests.support.examples import examples
from tests.support.refresh import change, refresh
from transforms.graph import tables

SOURCE_TABLES = {table.contract: table.source for table in tables().values() if table.source}

Shipment = list[tuple[type[Bronze], pl.DataFrame]]
"""Raw records that arrive in bronze before the next refresh."""


@st.composite
def shipments(draw: st.DrawFn) -> Shipment:
    """Draw records that refer to each other, with some missing and some invalid."""
    rows = draw(related(*SOURCE_TABLES, complete=False, max_size=2))
    raw = [
        (source, to_raw_text(rows[typed], typed, source)) for typed, source in SOURCE_TABLES.items()
    ]
    invalid, source = draw(st.sampled_from([*SOURCE_TABLES.items()]))
    raw.append((source, draw(broken(invalid, source=source, max_size=1)).frame))
    hours = st.lists(st.integers(0, 3), max_size=2)
    return [(source, arrived(frame, draw(hours))) for source, frame in raw if len(frame)]


@examples(6)
@given(batches=st.lists(shipments(), min_size=2, max_size=3))
def test_incremental_refreshes_equal_a_rebuild(batches: list[Shipment]) -> None:
    with TemporaryDirectory() as lake:
        for shipment in batches:
            _arrive(lake, shipment)
            refresh(lake)
        incremental = contents(lake)
        refresh(lake, rebuild=True)
        _assert_same(incremental, contents(lake))
        assert not any(outcome.changed for outcome in refresh(lake).values())


@examples(6)
@given(batches=st.lists(shipments(), min_size=2, max_size=3), data=st.data())
def test_changed_and_removed_rows_refresh_gold_as_a_rebuild(
    batches: list[Shipment], data: st.DataObject
) -> None:
    # Histories follow bronze, which the changes leave as it is.
    derived = [name for name, table in tables().items() if not table.records]
    with TemporaryDirectory() as lake:
        for shipment in batches:
            _arrive(lake, shipment)
            refresh(lake)
            for changes in data.draw(st.lists(st.sampled_from((_remove, _exchange)), max_size=3)):
                for table in SOURCE_TABLES:
                    changes(lake, table.spec().table, data)
                if data.draw(st.booleans()):
                    refresh(lake, *derived)
        refresh(lake)
        incremental = contents(lake)
        refresh(lake, *derived, rebuild=True)
        _assert_same(incremental, contents(lake))


@examples(4)
@given(batches=st.lists(shipments(), min_size=2, max_size=3))
def test_order_and_repetition_of_arrivals_do_not_matter(batches: list[Shipment]) -> None:
    with TemporaryDirectory() as lake, TemporaryDirectory() as other:
        for shipment in batches:
            _arrive(lake, shipment)
        refresh(lake)
        for shipment in [*reversed(batches), batches[0]]:
            _arrive(other, [(source, frame.reverse()) for source, frame in reversed(shipment)])
            refresh(other)
        _assert_same(contents(other), contents(lake))


def _remove(lake: str, name: str, data: st.DataObject) -> None:
    """Remove some rows of a silver table."""
    change(lake, name, _some(lake, name, data))


def _exchange(lake: str, name: str, data: st.DataObject) -> None:
    """Exchange the values of some rows of a silver table, such as the customers of two orders."""
    contract = tables()[name].contract
    values = set(contract.fields()) - set(contract.spec().key)
    change(lake, name, _some(lake, name, data), {n: pl.col(n).reverse() for n in sorted(values)})


def _some(lake: str, name: str, data: st.DataObject) -> pl.Expr:
    (key, *_), handle = tables()[name].contract.spec().key, delta.open_existing(lake, name)
    keys = delta.scan(handle).select(pl.col(key).unique().sort()).collect().to_series()
    chosen = data.draw(st.lists(st.booleans(), min_size=len(keys), max_size=len(keys)))
    return pl.col(key).is_in(keys.filter(pl.Series(chosen, dtype=pl.Boolean)).implode())


def contents(lake: str) -> dict[str, pl.DataFrame]:
    return {
        name: delta.scan(delta.open_existing(lake, name)).drop("_version").collect()
        for name in tables()
    }


def _assert_same(actual: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    for name, table in expected.items():
        assert_frame_equal(actual[name], table, check_row_order=False)


def _arrive(lake: str, shipment: Iterable[tuple[type[Bronze], pl.DataFrame]]) -> None:
    for source, frame in shipment:
        delta.append(delta.open_table(lake, source), frame, delta.commit_properties({}, {}))
