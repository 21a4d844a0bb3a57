"""A CSV file without erased people, compared with its records."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.contract import Bronze
from flows.erasure.erasures import Erasures, keyed_hash, pseudonym
from flows.erasure.requests import Request
from flows.ingest.csv_reader import inspect_csv, scan_records
from flows.ingest.erase_csv import erase_csv

KEY, ID = b"a key of sixteen bytes or more", "a request"
PERSON, CUSTOMER, ORDER, OTHER = "f" * 32, "c" * 32, "a" * 32, "d" * 32
HEADER = "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state"
REVIEWS = (
    "review_id,order_id,review_score,review_comment_title,review_comment_message,"
    "review_creation_date,review_answer_timestamp"
)


@pytest.fixture
def erasures() -> Erasures:
    hashes = [keyed_hash(KEY, each) for each in (PERSON, CUSTOMER)]
    request = Request(ID, "", "", identifiers=tuple(hashes), orders=(keyed_hash(KEY, ORDER),))
    return Erasures([request], KEY)


def name_of(identifier: str) -> str:
    return pseudonym(ID, keyed_hash(KEY, identifier))


def records(path: Path, contract: type[Bronze]) -> pl.DataFrame:
    columns = list(contract.fields())
    return scan_records(path, inspect_csv(path), columns).collect().drop("_rescued_data")


def between_quotes(record: str) -> str:
    """Return a file in which all three records would be one if the middle one had no quotes."""
    return f'{HEADER}\n{OTHER},y,"open\n{record}\n{OTHER},z",2,3\n'


@pytest.mark.parametrize(
    ("contract", "text", "mine"),
    [
        (bronze.Customers, f"{HEADER}\n{CUSTOMER},{PERSON},01310,sp,SP\n", [0]),
        (bronze.Customers, f"{HEADER}\r\n{OTHER},x,1,y,z\r\n{CUSTOMER},{PERSON},01310,sp,SP", [1]),
        (bronze.Customers, f'{HEADER}\n\n{CUSTOMER},"{PERSON}",01310,"a\nb","S""P"\n\n', [0]),
        (bronze.Customers, f"\ufeff{HEADER}\n{CUSTOMER},{PERSON},,,\n{OTHER},,,,\n", [0]),
        (bronze.Customers, f"{HEADER}\n{CUSTOMER},{PERSON},too,many,fields,here\nx,y,z\n", [0]),
        (bronze.Customers, f'{HEADER}\n"{CUSTOMER},{PERSON}"x,y,z\n{OTHER},y,,"a",\n', [0]),
        (bronze.Customers, f"{HEADER}\n{OTHER},y,1,2,3\n", []),
        (bronze.Customers, between_quotes(f'{CUSTOMER},{PERSON},01310,"sp",SP'), [1]),
        (bronze.Customers, between_quotes(f'{CUSTOMER},{PERSON},01310,"sp"x,SP'), [1]),
        (bronze.Customers, f"_corrupt_record,{HEADER}\nx,{CUSTOMER},{PERSON},01310,sp,SP\n", [0]),
        (bronze.OrderReviews, f'{REVIEWS}\nr,{ORDER},5,a,"b\nc",,\nr,{OTHER},5,"d\ne",f,,\n', [0]),
    ],
)
def test_reading_the_new_file_gives_the_erased_records(
    contract: type[Bronze], text: str, mine: list[int], tmp_path: Path, erasures: Erasures
) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_bytes(text.encode())
    assert erase_csv(old, new, erasures) == bool(mine)
    before, after = records(old, contract), records(new, contract)
    assert_frame_equal(after, erasures.erase(before))
    others = [number for number in range(len(before)) if number not in mine]
    assert_frame_equal(after[others], before[others])
    assert before[mine].is_empty() or not before[mine].equals(after[mine])
    assert all(each not in new.read_text() for each in (PERSON, CUSTOMER))
    again = tmp_path / "again.csv"
    assert not erase_csv(new, again, erasures)
    assert again.read_bytes() == new.read_bytes()


def test_all_other_bytes_stay(tmp_path: Path, erasures: Erasures) -> None:
    other = f'"{OTHER}",y,"1",,z\r\n\n'
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_bytes(f"{HEADER}\n{other}{CUSTOMER},{PERSON},01310,sp,SP\n{other}".encode())
    assert erase_csv(old, new, erasures)
    mine = f"{name_of(CUSTOMER)},{name_of(PERSON)},,,SP\n"
    assert new.read_bytes() == f"{HEADER}\n{other}{mine}{other}".encode()


def test_columns_that_no_table_declares_are_emptied(tmp_path: Path, erasures: Erasures) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(f"cpf,{HEADER}\n123,{CUSTOMER},{PERSON},01310,sp,SP\n456,{OTHER},x,,,\n")
    assert erase_csv(old, new, erasures)
    mine = f",{name_of(CUSTOMER)},{name_of(PERSON)},,,SP\n"
    assert new.read_text() == f"cpf,{HEADER}\n{mine}456,{OTHER},x,,,\n"
