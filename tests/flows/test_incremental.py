"""Any arrivals, refreshed in any rhythm, end in the tables that a rebuild makes of them."""

from collections.abc import Iterable
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.contract import Bronze
from contracts.strategies import broken, related, to_raw_text
from flows import delta
from tests.arrivals import arrived
from tests.examples import examples
from tests.without_prefect import refresh
from transforms.graph import tables

OF_RECORDS = {table.contract: table.source for table in tables().values() if table.source}

Shipment = list[tuple[type[Bronze], pl.DataFrame]]
"""What arrives before the next refresh: raw records, as they lie in bronze."""


@st.composite
def shipments(draw: st.DrawFn) -> Shipment:
    """Draw records that belong together, though not all of them, and some broken ones."""
    rows = draw(related(*OF_RECORDS, complete=False, max_size=2))
    raw = [
        (source, to_raw_text(rows[typed], typed, source)) for typed, source in OF_RECORDS.items()
    ]
    spoiled, source = draw(st.sampled_from([*OF_RECORDS.items()]))
    raw.append((source, draw(broken(spoiled, source=source, max_size=1)).frame))
    hours = st.lists(st.integers(0, 3), max_size=2)
    return [(source, arrived(frame, draw(hours))) for source, frame in raw if len(frame)]


@examples(6)
@given(rhythm=st.lists(shipments(), min_size=2, max_size=3))
def test_any_rhythm_ends_as_a_rebuild(rhythm: list[Shipment]) -> None:
    with TemporaryDirectory() as lake:
        for shipment in rhythm:
            _arrive(lake, shipment)
            refresh(lake)
        in_steps = contents(lake)
        refresh(lake, rebuild=True)
        _assert_same(in_steps, contents(lake))
        assert not any(outcome.changed for outcome in refresh(lake).values())


@examples(4)
@given(rhythm=st.lists(shipments(), min_size=2, max_size=3))
def test_any_order_and_any_repetition_ends_in_the_same_tables(rhythm: list[Shipment]) -> None:
    with TemporaryDirectory() as lake, TemporaryDirectory() as other:
        for shipment in rhythm:
            _arrive(lake, shipment)
        refresh(lake)
        for shipment in [*reversed(rhythm), rhythm[0]]:
            _arrive(other, [(source, frame.reverse()) for source, frame in reversed(shipment)])
            refresh(other)
        _assert_same(contents(other), contents(lake))


def contents(lake: str) -> dict[str, pl.DataFrame]:
    return {
        name: delta.scan(delta.open_existing(lake, name)).drop("_version").collect()
        for name in tables()
    }


def _assert_same(some: dict[str, pl.DataFrame], others: dict[str, pl.DataFrame]) -> None:
    for name, table in others.items():
        assert_frame_equal(some[name], table, check_row_order=False)


def _arrive(lake: str, shipment: Iterable[tuple[type[Bronze], pl.DataFrame]]) -> None:
    for source, frame in shipment:
        delta.append(delta.open_table(lake, source), frame, delta.commit_properties({}, {}))
