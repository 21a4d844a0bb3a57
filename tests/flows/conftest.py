"""A real Prefect server, and tiny landing zones."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness

from transforms.graph import sources

Row = Mapping[str, str]
Land = Callable[..., Path]

COLUMNS = {c.promise().table.removeprefix("bronze."): c.fields().names() for c in sources()}


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """The URL of a Prefect server that lives as long as the tests."""
    with prefect_test_harness(server_startup_timeout=180):
        url = str(PREFECT_API_URL.value())
        os.environ["PREFECT_API_URL"] = url  # for processes that tests start
        yield url
        del os.environ["PREFECT_API_URL"]


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """Where a lake may be made."""
    return str(tmp_path / "lake")


@pytest.fixture
def land(tmp_path: Path) -> Land:
    """Write CSV files to a landing zone: `land(orders=[{"order_id": ...}, ...])`.

    Each row needs only the columns that matter: the rest comes from `GOOD`.
    """

    def write(folder: str = "landing", **tables: Sequence[Row]) -> Path:
        landing = tmp_path / folder
        landing.mkdir(exist_ok=True)
        for name, rows in tables.items():
            entity = next(e for e in sorted(COLUMNS, key=len, reverse=True) if name.startswith(e))
            with (landing / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS[entity], lineterminator="\n")
                writer.writeheader()
                writer.writerows({**GOOD[entity], **row} for row in rows)
        return landing

    return write


@pytest.fixture(scope="session")
def good() -> Mapping[str, Row]:
    """A good record of each entity; together they are one order."""
    return GOOD


def hex_id(letter: str) -> str:
    """An id of 32 hex digits."""
    return letter * 32


GOOD: dict[str, Row] = {
    "orders": {
        "order_id": hex_id("a"),
        "customer_id": hex_id("c"),
        "order_status": "delivered",
        "order_purchase_timestamp": "2017-11-24 10:00:00",
        "order_approved_at": "2017-11-24 11:00:00",
        "order_delivered_carrier_date": "2017-11-27 09:00:00",
        "order_delivered_customer_date": "2017-12-04 18:00:00",
        "order_estimated_delivery_date": "2017-12-10 00:00:00",
    },
    "order_items": {
        "order_id": hex_id("a"),
        "order_item_id": "1",
        "product_id": hex_id("b"),
        "seller_id": hex_id("d"),
        "shipping_limit_date": "2017-11-28 10:00:00",
        "price": "99.90",
        "freight_value": "10.10",
    },
    "order_payments": {
        "order_id": hex_id("a"),
        "payment_sequential": "1",
        "payment_type": "credit_card",
        "payment_installments": "2",
        "payment_value": "110.00",
    },
    "order_reviews": {
        "review_id": hex_id("e"),
        "order_id": hex_id("a"),
        "review_score": "5",
        "review_creation_date": "2017-12-05 00:00:00",
        "review_answer_timestamp": "2017-12-06 12:00:00",
    },
    "customers": {
        "customer_id": hex_id("c"),
        "customer_unique_id": hex_id("f"),
        "customer_zip_code_prefix": "01310",
        "customer_city": "sao paulo",
        "customer_state": "SP",
    },
    "products": {"product_id": hex_id("b"), "product_category_name": "livros"},
    "sellers": {
        "seller_id": hex_id("d"),
        "seller_zip_code_prefix": "20040",
        "seller_city": "rio de janeiro",
        "seller_state": "RJ",
    },
    "geolocation": {
        "geolocation_zip_code_prefix": "01310",
        "geolocation_lat": "-23.56",
        "geolocation_lng": "-46.65",
        "geolocation_city": "sao paulo",
        "geolocation_state": "SP",
    },
    "product_category_name_translation": {
        "product_category_name": "livros",
        "product_category_name_english": "books",
    },
}
