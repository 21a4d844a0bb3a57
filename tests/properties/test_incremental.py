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
from tests.support.refresh import refresh
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
