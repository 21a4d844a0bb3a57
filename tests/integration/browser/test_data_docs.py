"""Tests of the data docs."""

import re
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import contracts.gold
import transforms.gold
from contracts.contract import Contract
from contracts.rules import rules
from flows import pipeline
from flows.cli import app
from flows.config.errors import NoLakeError, RunHeldBackError
from flows.delta.status import status
from flows.site.docs.build import write_docs
from flows.site.docs.table_page import table_page
from flows.site.report.build import write_report
from flows.site.rule_status import RuleStatus
from flows.trace.key import parse_key
from tests.integration.browser.conftest import NOW
from tests.support.contact_data import contact_data
from tests.support.html import words
from tests.support.kafka.same_tables import batch_lake
from transforms.graph import sources, tables
from transforms.personal_data import personal_columns

Land = Callable[..., Path]
CONTRACTS = [*sources(), *(table.contract for table in tables().values())]
NAMES = [contract.spec().table for contract in CONTRACTS]


def test_docs_have_a_page_per_table(docs: Path) -> None:
    pages = {file.name for file in docs.glob("*.html")}
    assert pages == {"index.html", "personal.html", *(f"{name}.html" for name in NAMES)}


@pytest.mark.parametrize("contract", CONTRACTS, ids=NAMES)
def test_table_page_lists_columns_rules_and_readers(docs: Path, contract: type[Contract]) -> None:
    name = contract.spec().table
    page = (docs / f"{name}.html").read_text()
    for column in contract.fields():
        assert f'<tr id="{column}">' in page
    if contract.spec().layer != "bronze":
        for rule in rules(contract):
            assert f"<code>{rule.name}</code>" in page
    readers = [table.name for table in tables().values() if name in table.input_names]
    assert all(f'href="{reader}.html"' in page for reader in readers)
    assert page.count("personal") >= len(contract.personal())


def test_table_page_shows_its_contract(docs: Path) -> None:
    text = words(docs / "gold.fact_sales.html")
    for part in (
        "One row per order item, including items of orders called off. Filter by order_status .",
        "All amounts may be summed",
        "Recomputes each order_id with a change.",
        "No two rows share order_id and order_item_id ;",
        "every customer_id exists in gold.dim_customer",
        "The total equals price plus freight.",
        "order_status is known: created , approved ,",
        "exact number, 2 decimals",
        "Day of the purchase as yyyymmdd. References gold.dim_date",
    ):
        assert part in text


def test_mart_page_names_the_table_of_its_sums(docs: Path) -> None:
    text = words(docs / "gold.mart_payment_mix.html")
    assert (
        "Its sum equals the sum in gold.agg_monthly_payments ; a refresh fails otherwise." in text
    )


def test_table_page_shows_commit_metrics(docs: Path) -> None:
    text = words(docs / "silver.orders.html")
    assert re.search(r"2 20\d\d-\d\d-\d\d \d\d:\d\d 60 \d+ \d+ \d+", text)
    assert "<svg" in (docs / "silver.orders.html").read_text().partition('id="history"')[2]


def test_source_page_shows_promises_and_deliveries(docs: Path) -> None:
    text = words(docs / "bronze.orders.html")
    assert "Promises freshness kept The table has a new record at least every 26 hours." in text
    assert "Deliveries of orders Records of the last delivery, by day" in text
    assert "quarantine broken " in words(docs / "index.html")


def test_pages_show_what_is_held_back(land: Land, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    batch_lake(lake, [land(orders=[{}], sellers=[{}])])
    with pytest.raises(RunHeldBackError):
        pipeline.run(str(land("second", sellers_2=[{"seller_id": "bad"}])), lake, fail_above=0.1)
    docs = write_docs(lake, tmp_path / "docs", NOW).parent
    because = r"held back Since 20\d\d-\S+ \S+ UTC, because of silver.sellers: 100.0% of 1 record"
    assert re.search(because, words(docs / "gold.dim_seller.html"))
    assert "held back" not in words(docs / "gold.dim_date.html")
    text = words(write_report(lake, tmp_path / "report", NOW))
    assert "Tables have been held back since 20" in text


def test_personal_data_is_mapped(docs: Path) -> None:
    text = words(docs / "personal.html")
    for each in personal_columns():
        assert f"{each.table}.{each.column} {each.kind}" in text
    for part in (
        "Kept in bronze Until erased: every record",
        "bronze.customers.customer_city address silver.customers.customer_city (masked) null",
        "silver.customers.customer_city address, redacted silver.customers_history.customer_city ,",
        "gold.mart_customer_rfm.customer_unique_id identifier nothing a pseudonym",
    ):
        assert part in text
    page = (docs / "personal.html").read_text()
    assert 'href="gold.fact_reviews.html#has_comment"' in page
    assert 'href="personal.html"' in (docs / "index.html").read_text()


def test_table_page_shows_code_and_sample_rows(docs: Path) -> None:
    text = words(docs / "gold.mart_category.html")
    assert "Code transforms/gold/mart_category.py def mart_category(" in text
    assert "Sample rows The first rows by key." in text
    assert 'id="sample"' not in (docs / "silver.orders.html").read_text()
    assert 'id="code"' not in (docs / "bronze.orders.html").read_text()


def test_gold_page_shows_a_trace_of_its_first_row(lake: str, docs: Path) -> None:
    for file in docs.glob("gold.*.html"):
        command = re.search(r"keystone (trace gold\.\S+ .+?=.+?)</code>", file.read_text())
        assert command, file.name
        table, *key = shlex.split(unescape(command[1]))[1:]
        assert parse_key(tables()[table].contract, key).height == 1
        if table == "gold.fact_sales":
            result = CliRunner().invoke(app, ["trace", "--lake", lake, table, *key])
            assert "computed again from these records alone, the row is the same" in result.output


def test_gold_page_has_a_command_that_exports_the_table(
    lake: str, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (docs / "gold.dim_seller.html").read_text()
    (command,) = re.findall(r"keystone (sql .+ --out .+?)</code>", page)
    arguments = shlex.split(unescape(command).replace("LAKE", lake))
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    exported = pl.read_parquet("gold.dim_seller.parquet")
    assert len(exported) == status(lake)["gold.dim_seller"]["rows"]
    assert "--out" not in (docs / "silver.sellers.html").read_text()


def test_pages_show_owners(lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSTONE_OWNERS", '["data-platform", "sales"]')
    index = write_docs(lake, tmp_path / "docs", NOW)
    assert "Owners: data-platform, sales." in words(index)
    assert "Owners data-platform, sales Key" in words(index.with_name("gold.fact_sales.html"))


def test_index_lists_the_last_runs(land: Land, docs: Path, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    pipeline.run(str(land(sellers=[{}, {"seller_id": "bad"}])), lake)
    text = words(write_docs(lake, tmp_path / "docs", NOW)).partition("Last runs")[2]
    assert re.search(r"2 runs .* refresh \d+ tables .* silver\.sellers .* 2 1 \d+ \d+\.\d ", text)
    assert re.search(r" ingest 1 table bronze\.sellers 2 \d+\.\d Broken rules", text)
    assert "Last runs" not in words(docs / "index.html")  # its commits name no command


def test_source_page_shows_its_newest_record(docs: Path) -> None:
    assert "Newest record 20" in words(docs / "bronze.orders.html")


def test_table_page_says_how_fresh_it_is(land: Land, tmp_path: Path) -> None:
    lake, docs = str(tmp_path / "lake"), tmp_path / "docs"
    pipeline.run(str(land(sellers=[{}])), lake, as_of=datetime(2018, 4, 1, 12, tzinfo=UTC))
    silver = words(write_docs(lake, docs, NOW).with_name("silver.sellers.html"))
    assert "A table without lag is up to date. up to date with its inputs" in silver
    assert "Newest record 2018-04-01 12:00 UTC" in silver
    gold = words(docs / "gold.dim_seller.html")
    assert "Newest record of its inputs 2018-04-01 12:00 UTC" in gold
    assert re.search(r"Inputs .*silver.sellers version \d+", gold)
    second = land("second", sellers=[{"seller_city": "santos"}])
    pipeline.ingest(str(second), lake, as_of=datetime(2018, 5, 1, 12, tzinfo=UTC))
    silver = words(write_docs(lake, docs, NOW).with_name("silver.sellers.html"))
    assert re.search(r"waits for bronze.sellers version (\d+); has \d+", silver)
    assert "Newest record 2018-04-01 12:00 UTC" in silver
    assert "Newest record 2018-05-01 12:00 UTC" in words(docs / "bronze.sellers.html")


def test_table_page_names_its_readers_in_the_report(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_REPORT_URL", "../report")
    docs = write_docs(lake, tmp_path / "docs", NOW).parent
    page = (docs / "gold.dim_seller.html").read_text()
    assert '<a href="../report/sellers.html#top-sellers">Largest sellers</a> (Sellers)' in page
    assert "Used in the report by" not in (docs / "silver.orders.html").read_text()


def test_broken_rules_are_counted(land: Land, tmp_path: Path) -> None:
    orders = [{}, {"order_id": "x"}, {"order_id": "y"}]
    batch_lake(str(tmp_path / "lake"), [land(orders=orders)])
    index = write_docs(str(tmp_path / "lake"), tmp_path / "docs")
    line = "order_id_is_well_formed silver.orders order_id is well formed: ^[0-9a-f]{32}$ . error 2"
    assert line in words(index)
    assert "Broken now" in words(index.with_name("silver.orders.html"))


def test_former_rule_is_listed_while_records_break_it(lake: str) -> None:
    orders = tables()["silver.orders"].contract
    current = status(lake)
    current["silver.orders"] |= {"broken_rules": {"moon_is_full": 2}}
    rules_shown = table_page(lake, orders, tables(), current).rules
    words = "A rule of an earlier contract."
    former = RuleStatus("silver.orders", "moon_is_full", words, warning=False, broken=2)
    assert rules_shown[-1] == former
    assert {rule.broken for rule in rules_shown[:-1] if not rule.warning} == {0}


def test_write_docs_twice_gives_the_same_files(lake: str, docs: Path, tmp_path: Path) -> None:
    again = write_docs(lake, tmp_path / "again", NOW).parent
    assert {f.name: f.read_bytes() for f in again.iterdir()} == {
        f.name: f.read_bytes() for f in docs.iterdir()
    }


def test_docs_are_small(docs: Path) -> None:
    sizes = {file.name: file.stat().st_size for file in docs.iterdir()}
    assert max(sizes.values()) < 200_000, sizes
    assert sum(sizes.values()) < 2_000_000


def test_docs_show_no_personal_data(land: Land, tmp_path: Path) -> None:
    """Contact data in every raw column, also where it makes a record break its contract."""
    mine = "ligue (11) 98765-4321 ou fulano@example.com, CPF 529.982.247-25, CEP 01310-100"
    landing = land(
        **{
            c.spec().table.removeprefix("bronze."): [{}, dict.fromkeys(c.fields(), mine)]
            for c in sources()
        },
        order_reviews_more=[{"review_comment_message": mine, "review_comment_title": mine}],
        customers_more=[{"customer_id": "9" * 32, "customer_city": mine}],
    )
    batch_lake(str(tmp_path / "lake"), [landing])
    docs = write_docs(str(tmp_path / "lake"), tmp_path / "docs").parent
    assert contact_data(mine)
    for page in docs.glob("*.html"):
        assert contact_data(words(page)) == [], page.name
        assert "fulano" not in page.read_text()


def test_write_docs_without_a_lake_raises(tmp_path: Path) -> None:
    with pytest.raises(NoLakeError, match="no lake here yet"):
        write_docs(str(tmp_path / "lake"), tmp_path / "docs")
    assert not (tmp_path / "docs").exists()


def test_docs_command_prints_the_index(lake: str, tmp_path: Path) -> None:
    to = tmp_path / "docs"
    result = CliRunner().invoke(app, ["docs", "--lake", lake, "--out", str(to)])
    assert result.output == f"Data docs: open {(to / 'index.html').as_uri()}\n"


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A new table: one contract and one function, each in a file of its package."""
    for package, source in ((contracts.gold, _CONTRACT), (transforms.gold, _FUNCTION)):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / "toy_states.py").write_text(source)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    tables.cache_clear()
    yield
    tables.cache_clear()
    for package in (contracts.gold, transforms.gold):
        sys.modules.pop(f"{package.__name__}.toy_states", None)


_CONTRACT = '''
from contracts.contract import Gold, column
from contracts.domain import STATES


class ToyStates(Gold, key=("seller_state",)):
    """One row per state that somebody sells from."""

    seller_state: str = column(isin=STATES)
    sellers: int = column(ge=1, description="How many sell from there.")
'''
_FUNCTION = '''
from typing import Annotated

import polars as pl
from polars import LazyFrame

from contracts.gold.dim_seller import DimSeller
from contracts.gold.toy_states import ToyStates


def toy_states(dim_seller: Annotated[LazyFrame, DimSeller]) -> Annotated[LazyFrame, ToyStates]:
    """Count the sellers of each state."""
    known = dim_seller.drop_nulls("seller_state")
    return known.group_by("seller_state").agg(sellers=pl.len().cast(pl.Int64))
'''


@pytest.mark.usefixtures("toy")
def test_new_table_appears_in_the_docs(land: Land, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    batch_lake(lake, [land(sellers=[{}])])
    index = write_docs(lake, tmp_path / "docs")
    assert 'data-start="gold.dim_seller" data-end="gold.toy_states"' in index.read_text()
    assert '<a href="gold.toy_states.html" data-table="gold.toy_states"' in index.read_text()
    text = words(index.with_name("gold.toy_states.html"))
    for part in (
        "One row per state that somebody sells from.",
        "Count the sellers of each state.",
        "Inputs gold.dim_seller",
        "How many sell from there. 1 input Depends on group by",
        "gold.dim_seller : seller_state 0% 1 1 Which rows the table has",
        "RJ 100%",
        "sellers is at least 1.",
    ):
        assert part in text
    assert 'href="gold.toy_states.html"' in index.with_name("gold.dim_seller.html").read_text()


@pytest.mark.usefixtures("toy")
def test_table_before_its_first_refresh_has_a_page(lake: str, tmp_path: Path) -> None:
    index = write_docs(lake, tmp_path / "docs")
    assert "One row per state that somebody sells from. does not exist yet" in words(index)
    text = words(index.with_name("gold.toy_states.html"))
    assert "Does not exist yet" in text
    assert "sellers whole number How many sell from there." in text
