"""Any arrivals, refreshed in any rhythm, end in the tables that a rebuild makes of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from contracts.contract import Bronze
from contracts.technical import PROVENANCE
from flows import delta
from flows.derived import refresh_derived
from flows.outcome import Outcome
from flows.records import refresh_records
from transforms.graph import sources, tables

Rows = Mapping[str, Mapping[str, str]]
NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)
BRONZE = {contract.promise().table.removeprefix("bronze."): contract for contract in sources()}


def _either(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


def _ids(letters: str) -> st.SearchStrategy[str]:
    return st.sampled_from([letter * 32 for letter in letters])


ZIP = _either("01310", "20040")
# Few values, so that records meet: the same keys, and each foreign key changes its mind.
RECORDS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "orders": {
        "order_id": _ids("ab"),
        "customer_id": _ids("cd"),
        "order_status": _either("delivered", "shipped", "nonsense"),
        "order_purchase_timestamp": _either("2017-11-24 10:00:00", "2016-02-29 10:00:00"),
    },
    "order_items": {
        "order_id": _ids("ab"),
        "order_item_id": _either("1", "2"),
        "product_id": _ids("ef"),
        "seller_id": _ids("12"),
        "price": _either("99.90", "0.01", "cheap"),
    },
    "order_payments": {"order_id": _ids("ab"), "payment_value": _either("110.00", "0.01")},
    "order_reviews": {
        "review_id": _ids("3"),
        "order_id": _ids("ab"),
        "review_score": _either("1", "9"),
    },
    "customers": {"customer_id": _ids("cd"), "customer_zip_code_prefix": ZIP},
    "products": {"product_id": _ids("ef"), "product_category_name": _either("livros", "musica")},
    "sellers": {"seller_id": _ids("12"), "seller_zip_code_prefix": ZIP},
    "geolocation": {
        "geolocation_zip_code_prefix": ZIP,
        "geolocation_lat": _either("-23.56", "-22.9"),
    },
    "product_category_name_translation": {
        "product_category_name": _either("livros", "musica"),
        "product_category_name_english": _either("books", "music"),
    },
}
RECORD = st.one_of(
    [st.tuples(st.just(entity), st.fixed_dictionaries(row)) for entity, row in RECORDS.items()]
)
ARRIVALS = st.tuples(st.lists(RECORD, min_size=1, max_size=8), st.integers(0, 3))


@settings(max_examples=12)
@given(rhythm=st.lists(ARRIVALS, min_size=2, max_size=5))
def test_any_rhythm_ends_as_a_rebuild(
    good: Rows, rhythm: list[tuple[list[tuple[str, dict[str, str]]], int]]
) -> None:
    with TemporaryDirectory() as lake:
        for records, hours in rhythm:
            for entity, changes in records:
                _arrive(lake, BRONZE[entity], {**good[entity], **changes}, hours)
            refresh(lake)
        in_steps = contents(lake)
        refresh(lake, rebuild=True)
        for name, table in contents(lake).items():
            assert_frame_equal(in_steps[name], table, check_row_order=False)
        assert not any(outcome.changed for outcome in refresh(lake).values())


def refresh(lake: str, *, rebuild: bool = False) -> dict[str, Outcome]:
    return {
        name: (refresh_records if table.source else refresh_derived)(lake, table, rebuild=rebuild)
        for name, table in tables().items()
    }


def contents(lake: str) -> dict[str, pl.DataFrame]:
    return {
        name: delta.scan(delta.open_existing(lake, name)).drop("_version").collect()
        for name in tables()
    }


def _arrive(lake: str, contract: type[Bronze], record: Mapping[str, str], hours: int) -> None:
    row = {**record, "_source": "test", "_position": 1}
    frame = pl.DataFrame([row], {**contract.fields(), **PROVENANCE}).with_columns(
        _event_time=pl.lit(NOON + timedelta(hours=hours)), _ingested_at=pl.lit(NOON)
    )
    delta.append(delta.open_table(lake, contract), frame, delta.carrying({}, {}))
