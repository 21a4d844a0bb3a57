"""A lake with a person to erase, and a search of all its bytes that shares no code with Keystone's.

The person has two orders, and several records: valid ones, superseded ones, ones in quarantine,
corrupt ones, and one in another person's review.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from flows.pipeline import run
from tests.support.landing import write

KEY = "a secret of this lake, long enough"
PERSON, OTHER = "f1" * 16, "f2" * 16
C1, C2, C3, BAD, CORRUPT = "c1" * 16, "c2" * 16, "c3" * 16, "c4" * 16, "c5" * 16
O1, O2, O3 = "a1" * 16, "a2" * 16, "a3" * 16
UNKNOWN, CORRUPT_ORDER = "a5" * 16, "a6" * 16
"""Orders that only a corrupt record gives to the person: that of the customer, or of the order."""
IDS = (PERSON, C1, C2, BAD, CORRUPT)
TEXTS = ("a text of the person", "their title", "a corrupt text", "city of theirs", "old city")


def make(folder: Path) -> Path:
    """Make a lake with an archive, in two runs; return the folder, which also has `originals`."""
    for number in (1, 2):
        landing = folder / f"originals-{number}"
        _land(landing, number)
        for path in landing.iterdir():
            os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number))
        copies = folder / "landing"
        copies.mkdir(exist_ok=True)
        for path in landing.iterdir():
            copy = copies / path.name
            copy.write_bytes(path.read_bytes())
            os.utime(copy, (1_600_000_000 + number, 1_600_000_000 + number))
        run(str(copies), str(folder / "lake"), str(folder / "archive"))
    return folder


def _land(landing: Path, number: int) -> None:
    if number == 2:
        write(landing, customers_2=[_customer(C1, PERSON, "city of theirs")])
        return
    write(
        landing,
        customers=[
            _customer(C1, PERSON, "old city"),
            _customer(C2, PERSON, "city of theirs"),
            _customer(C3, OTHER, "rio"),
            {**_customer(BAD, PERSON, "city of theirs"), "customer_zip_code_prefix": "1"},
        ],
        orders=[
            {"order_id": O1, "customer_id": C1},
            {"order_id": O2, "customer_id": C2},
            {"order_id": O3, "customer_id": C3},
            {"order_id": "a4" * 16, "customer_id": C1.upper()},
            {"order_id": UNKNOWN, "customer_id": CORRUPT},
        ],
        order_items=[{"order_id": each, "price": "10.01"} for each in (O1, O2, O3)],
        order_payments=[{"order_id": each} for each in (O1, O2, O3)],
        order_reviews=[
            _review("e1" * 16, O1, review_comment_message="A text of the person,\nin two lines"),
            _review("e2" * 16, O2, review_comment_title="Their title"),
            _review("e5" * 16, UNKNOWN, review_comment_title="Their title"),
            _review("e6" * 16, CORRUPT_ORDER, review_comment_title="Their title"),
            _review("e3" * 16, O3, review_comment_message=f"Another text, which mentions {C1}"),
        ],
        products=[{}],
        sellers=[{}],
        geolocation=[{}],
        product_category_name_translation=[{}],
    )
    for name, record in (
        ("customers", f"{C2},{PERSON},01310,city of theirs,SP,one field too many"),
        ("customers", f"{CORRUPT},{PERSON},01310,city of theirs,SP,one field too many"),
        ("order_reviews", f'{"e4" * 16},{O1},5,"a corrupt text"x'),
        ("orders", f"{O1},{C1},broken"),
        ("orders", f"{CORRUPT_ORDER},{C1},broken"),
    ):
        with (landing / f"{name}.csv").open("a") as file:
            file.write(f"{record}\n")


def _customer(customer: str, person: str, city: str) -> dict[str, str]:
    return {"customer_id": customer, "customer_unique_id": person, "customer_city": city}


def _review(review: str, order: str, **texts: str) -> dict[str, str]:
    return {"review_id": review, "order_id": order, **texts}


def mentions(*folders: Path, needles: Iterable[str] = (*IDS, *TEXTS)) -> list[str]:
    """Return the files in folders whose bytes, or decoded values, hold one of the needles."""
    found = []
    for path in sorted(each for folder in folders for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        texts = [data.decode("latin-1"), path.name]
        if path.suffix == ".parquet":
            texts.append(str(pl.read_parquet(path, hive_partitioning=False, glob=False).rows()))
        if any(each.lower() in text.lower() for text in texts for each in needles):
            found.append(str(path))
    return found
