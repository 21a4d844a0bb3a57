"""Erasure of a person from rows of any table."""

from base64 import b64encode

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.contract import Bronze
from contracts.domain import ERASED
from contracts.silver.customers import Customers
from contracts.technical_columns import stored_schema
from transforms.erasure import REMOVED_RECORD, beside, candidates, changed_rows, erase, erase_text
from transforms.silver.customers import customers
from transforms.validation import validate_records

PERSON, CUSTOMER, ORDER, OTHER = "f" * 32, "c" * 32, "a" * 32, "d" * 32
PSEUDONYMS = {PERSON: ERASED + "1" * 24, CUSTOMER: ERASED + "2" * 24}

ADDRESSES = {"customer_zip_code_prefix": "01310", "customer_city": "sao paulo"}
SOMEBODY = {
    "customer_id": CUSTOMER,
    "customer_unique_id": PERSON,
    **ADDRESSES,
    "customer_state": "SP",
}


def raw(contract: type[Bronze], *rows: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides=stored_schema(contract)).pipe(
        lambda frame: pl.concat(
            [pl.DataFrame(schema=stored_schema(contract)), frame], how="diagonal"
        )
    )


def erased(frame: pl.DataFrame) -> pl.DataFrame:
    return erase(frame, PSEUDONYMS, {ORDER})


def test_a_customer_has_pseudonyms_and_no_address() -> None:
    (row,) = erased(raw(bronze.Customers, {**SOMEBODY, "_rescued_data": '{"cpf":"1"}'})).rows(
        named=True
    )
    assert row["customer_id"] == PSEUDONYMS[CUSTOMER]
    assert row["customer_unique_id"] == PSEUDONYMS[PERSON]
    assert [row[name] for name in (*ADDRESSES, "_rescued_data")] == [None, None, None]
    assert row["customer_state"] == "SP"


@pytest.mark.parametrize(
    "other",
    [
        {"customer_id": OTHER, "customer_unique_id": OTHER, **ADDRESSES, "_rescued_data": "{}"},
        {"customer_id": None, "customer_unique_id": None, **ADDRESSES},
        {"_corrupt_record": f"{OTHER},x"},
    ],
)
def test_rows_of_others_stay(other: dict[str, str]) -> None:
    rows = raw(bronze.Customers, other)
    assert_frame_equal(erased(rows), rows)


def test_review_texts_of_the_orders_are_null() -> None:
    text = {"review_comment_title": "a", "review_comment_message": "b", "_rescued_data": "{}"}
    rows = raw(bronze.OrderReviews, {"order_id": f" {ORDER} ", **text}, {"order_id": OTHER, **text})
    names = [*text]
    assert erased(rows).select(names).rows() == [(None, None, None), ("a", "b", "{}")]


def test_the_order_itself_and_its_items_stay() -> None:
    rows = raw(bronze.OrderItems, {"order_id": ORDER, "price": "1", "_rescued_data": "{}"})
    assert_frame_equal(erased(rows), rows)


def test_texts_that_mention_an_identifier_are_changed() -> None:
    rows = raw(bronze.OrderReviews, {"order_id": OTHER, "review_comment_title": f"I am {PERSON}!"})
    assert erased(rows)["review_comment_title"].to_list() == [f"I am {PSEUDONYMS[PERSON]}!"]


def test_a_malformed_identifier_stays_malformed() -> None:
    rows = raw(bronze.Orders, {"customer_id": CUSTOMER.upper()})
    assert erased(rows)["customer_id"].to_list() == [PSEUDONYMS[CUSTOMER].upper()]


def base64(text: str) -> str:
    return "base64:" + b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("contract", "record", "expected"),
    [
        (bronze.Customers, f"{CUSTOMER},{PERSON},01310,sao paulo", REMOVED_RECORD),
        (bronze.OrderReviews, f"x,{ORDER},5,a text", REMOVED_RECORD),
        (
            bronze.Orders,
            f"{ORDER},{CUSTOMER},delivered",
            f"{ORDER},{PSEUDONYMS[CUSTOMER]},delivered",
        ),
        (bronze.Orders, base64(f"\xff {CUSTOMER}"), REMOVED_RECORD),
        (bronze.Orders, base64(f"\xff {ORDER}"), base64(f"\xff {ORDER}")),
        (bronze.Orders, "base64:%", "base64:%"),
        (bronze.Orders, "base64:é", "base64:é"),
    ],
)
def test_a_corrupt_record_is_changed_or_removed(
    contract: type[Bronze], record: str, expected: str
) -> None:
    rows = erased(raw(contract, {"_corrupt_record": record}))
    assert rows["_corrupt_record"].to_list() == [expected]


@pytest.mark.parametrize(
    ("broken", "is_valid"),
    [
        ({}, True),
        ({"customer_zip_code_prefix": " 01310 "}, True),
        ({"customer_zip_code_prefix": "1310"}, False),
        ({"customer_zip_code_prefix": ""}, False),
        ({"customer_city": " "}, False),
        ({"customer_state": "XX"}, False),
        ({"customer_id": CUSTOMER.upper()}, False),
    ],
)
def test_a_record_is_valid_after_the_erasure_if_it_was(
    broken: dict[str, str], *, is_valid: bool
) -> None:
    rows = raw(bronze.Customers, {**SOMEBODY, **broken})
    for each in (rows, erased(rows)):
        valid = validate_records(each.lazy(), customers, Customers).valid.collect()
        assert bool(len(valid)) == is_valid


def test_erasing_twice_equals_erasing_once() -> None:
    rows = raw(bronze.Customers, SOMEBODY, {**SOMEBODY, "customer_city": ""})
    assert_frame_equal(erased(erased(rows)), erased(rows))
    assert not len(changed_rows(erased(rows), erased(erased(rows))))
    assert len(changed_rows(rows, erased(rows))) == 2


def test_candidates_are_all_that_may_be_identifiers() -> None:
    rows = pl.DataFrame(
        {
            "a": [PERSON.upper(), None, "x"],
            "b": [f"{ORDER} and x{OTHER}", base64(CUSTOMER), "base64:%"],
            "c": [1, 2, 3],
        }
    )
    assert candidates(rows) >= {PERSON, ORDER, CUSTOMER}
    assert "b" * 32 in candidates(pl.DataFrame({"a": ["1" + "b" * 32]}))


def test_a_corrupt_record_has_the_identifiers_beside_a_known_one() -> None:
    lines = f"{ORDER},{CUSTOMER.upper()}\n{'d' * 32},{OTHER}"
    assert beside(pl.Series([lines, base64(f"{'e' * 32} {CUSTOMER}")]), [CUSTOMER]) == {
        ORDER,
        "e" * 32,
    }
    assert beside(pl.Series([lines]), ["9" * 32]) == set()
    assert beside(pl.Series([], dtype=pl.String), [CUSTOMER]) == set()


def test_a_text_without_identifiers_stays() -> None:
    assert erase_text("a text", PSEUDONYMS) == "a text"
    assert erase_text(PERSON, {}) == PERSON
