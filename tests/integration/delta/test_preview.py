"""What the current rules would do with stored records."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.silver.sellers import Sellers
from flows import pipeline
from flows.cli import app
from flows.refresh.preview import preview_rules
from flows.refresh.source_tables import refresh_source_table
from tests.support.command import invoke
from tests.support.landing import Land
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]
STATE = "seller_state_is_known"
OTHERS = {"seller_id": "a" * 32, "seller_state": "??"}


@pytest.fixture
def sellers(land: Land, lake: str) -> str:
    """A lake with a valid seller and one in quarantine."""
    pipeline.run(str(land(sellers=[{"seller_state": "SP"}, OTHERS])), lake)
    return lake


@contextmanager
def known_states(*states: str) -> Iterator[None]:
    """Let the contract know other states, in this thread: Pandera has a schema per thread."""
    (check,) = Sellers.to_schema().columns["seller_state"].checks
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(check._check_kwargs, "allowed_values", [*states])  # noqa: SLF001 - Pandera has no public access
        yield


def test_rules_that_did_not_change_move_no_record(sellers: str) -> None:
    found = preview_rules(sellers, SELLERS)
    assert found.is_unchanged
    assert found.records == 2
    assert found.examples == []


def test_stricter_and_looser_rules_move_records_without_writing(sellers: str) -> None:
    before = sorted(Path(sellers).rglob("*"))
    with known_states("??"):
        found = preview_rules(sellers, SELLERS)
    assert found.quarantined == {STATE: 1}
    assert found.released == {STATE: 1}
    (example,) = found.examples
    assert example == "sellers.csv record 1: seller_state_is_known seller_state='SP'"
    assert sorted(Path(sellers).rglob("*")) == before


def test_records_that_the_table_has_not_consumed_do_not_count(land: Land, sellers: str) -> None:
    pipeline.ingest(str(land("more", sellers=[{"seller_id": "b" * 32}])), sellers)
    assert preview_rules(sellers, SELLERS).records == 2


def test_examples_are_redacted(land: Land, lake: str) -> None:
    text = "fale com ana.souza@example.com"
    pipeline.ingest(str(land(sellers=[{"seller_state": text}])), lake)
    with known_states(text):
        refresh_source_table(lake, SELLERS)
    (example,) = preview_rules(lake, SELLERS).examples
    assert example == f"sellers.csv record 1: {STATE} seller_state='fale com [email]'"


def test_command_prints_counts_and_examples(sellers: str) -> None:
    assert invoke("contracts", "try", "--lake", sellers) == (
        "2 records tried: 0 of 10 tables would change.\n"
    )
    with known_states("??"):
        said = invoke("contracts", "try", "sellers", "--lake", sellers)
    assert f"silver.sellers: would quarantine 1 ({STATE})" in said
    assert f"silver.sellers: would release 1 ({STATE})" in said


def test_table_without_records_is_refused(sellers: str) -> None:
    refused = CliRunner().invoke(app, ["contracts", "try", "mart_category", "--lake", sellers])
    assert "mart_category: no records to try the rules on" in str(refused.exception)
