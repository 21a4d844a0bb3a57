"""Trace: from a row to its records, what they replaced, and why a key has no row."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from contracts import bronze
from flows import delta
from flows.cli import main
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.trace import NoRowError, Rows, Trace, trace
from flows.trace.key import parse_key
from flows.trace.result import trace_lines
from flows.trace.text import origin_text
from tests.support.arrivals import arrived
from tests.support.command import invoke
from tests.support.good_records import GOOD
from tests.support.landing import write
from tests.support.refresh import refresh
from transforms.graph import tables

Land = Callable[..., Path]

A, B, CUSTOMER, PRODUCT = "a" * 32, "b" * 32, "c" * 32, "b" * 32
NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)
DELETE = {"_op": "delete"}


def arrive(lake: str, landing: Path, hours: int = 0, archive: str | None = None) -> None:
    """Ingest a landing zone as if its files were written some hours after noon."""
    when = NOON + timedelta(hours=hours)
    for contract, files in find_files(str(landing))[0].items():
        if files:
            ingest_table(lake, contract, files, archive=archive, as_of=when)
            for file in files:
                file.path.unlink(missing_ok=True)  # type: ignore[union-attr]  # a local file


@pytest.fixture(scope="module")
def one_order(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with one order, to copy."""
    folder = tmp_path_factory.mktemp("one_order")
    arrive(str(folder / "lake"), write(folder / "landing", **{entity: [{}] for entity in GOOD}))
    refresh(str(folder / "lake"))
    return folder / "lake"


@pytest.fixture
def shop(one_order: Path, lake: str) -> str:
    """A lake with one order."""
    shutil.copytree(one_order, lake)
    return lake


def traced(lake: str, name: str, *words: str, **options: Any) -> Trace:
    table = tables()[name]
    return trace(lake, table, parse_key(table.contract, words), **options)


def below(found: Trace, name: str) -> Rows:
    """Return the first rows of a table in a trace."""
    return next(rows for rows in found.rows.tree() if rows.table == name)


def reasons(lake: str, name: str, *words: str) -> list[tuple[str, str]]:
    with pytest.raises(NoRowError) as caught:
        traced(lake, name, *words)
    assert len(caught.value.failures) == len(caught.value.reasons)
    return [(reason.table, reason.state) for reason in caught.value.reasons]


SALE = ("gold.fact_sales", f"order_id={A}", "order_item_id=1")


def test_fact_is_traced_to_the_records_of_its_order_and_product(shop: str) -> None:
    found = traced(shop, *SALE)
    assert found.is_complete
    assert found.differing == ()
    assert {(record.table, record.is_decisive) for record in found.records} == {
        ("bronze.orders", True),
        ("bronze.order_items", True),
        ("bronze.order_payments", True),
        ("bronze.order_reviews", True),
        ("bronze.products", True),
        ("bronze.product_category_name_translation", True),
    }
    assert [each.table for each in found.rows.inputs] == [
        "silver.orders",
        "silver.order_items",
        "silver.order_payments",
        "silver.order_reviews",
        "gold.dim_product",
    ]


def test_column_is_traced_to_what_it_depends_on(shop: str) -> None:
    found = traced(shop, *SALE, column="price")
    assert {record.table for record in found.records} == {"bronze.orders", "bronze.order_items"}
    assert below(found, "silver.order_items").columns == ("order_id", "order_item_id", "price")
    assert {*found.values} == {"order_id", "order_item_id", "price"}


def test_other_records_of_a_key_are_superseded_or_in_quarantine(shop: str, land: Land) -> None:
    bad, later = {"price": "free"}, {"price": "80.00"}
    arrive(shop, land(order_items=[bad, later]), hours=1)
    refresh(shop)
    found = traced(shop, *SALE)
    assert str(found.values["price"]) == "80.00"
    (row,) = below(found, "silver.order_items").rows
    assert [(each.position, each.state, each.is_decisive) for each in row.records] == [
        (2, "accepted", True),
        (1, "quarantined", False),
        (1, "superseded", False),
    ]
    assert row.records[1].broken_rules == ("price_is_a_number",)
    assert found.differing == ()


def test_quarantined_part_of_an_order_is_shown_without_a_row(shop: str, land: Land) -> None:
    arrive(shop, land(order_payments=[{"payment_sequential": "2", "payment_value": "x"}]), hours=1)
    refresh(shop)
    rows = below(traced(shop, *SALE), "silver.order_payments")
    assert rows.count == 1
    assert [(row.key["payment_sequential"], row.version is None) for row in rows.rows] == [
        (1, False),
        (2, True),
    ]


def test_repeated_record_is_not_decisive(shop: str, land: Land) -> None:
    arrive(shop, land(order_payments=[{}, {"order_id": B}]), hours=1)
    refresh(shop)
    found = traced(shop, *SALE)
    payments = [each for each in found.records if each.table == "bronze.order_payments"]
    assert {(each.state, each.is_decisive) for each in payments} == {
        ("accepted", False),
        ("superseded", False),
    }


def test_archived_file_and_line_of_a_record_are_found(
    land: Land, lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = str(tmp_path / "archive")
    message = {"review_comment_message": "two\nlines"}
    reviews = [message | {"order_id": B}, message]
    records: dict[str, list[dict[str, str]]] = {entity: [{}] for entity in GOOD}
    arrive(lake, land(**records | {"order_reviews": reviews}), archive=archive)
    refresh(lake)
    monkeypatch.setenv("KEYSTONE_ARCHIVE", archive)
    found = traced(lake, "gold.fact_reviews", f"review_id={'e' * 32}", f"order_id={A}")
    (review,) = (each for each in found.records if each.table == "bronze.order_reviews")
    assert (review.archived, review.line) == (f"{archive}/order_reviews.csv", 4)
    assert origin_text(review) == f"{archive}/order_reviews.csv, line 4"
    assert "lines" not in "\n".join(trace_lines(found))


def test_archived_file_of_the_same_name_with_other_records_is_not_named(
    shop: str, land: Land, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = str(tmp_path / "archive")
    arrive(shop, land(order_items=[{"price": "1.00"}]), hours=1, archive=archive)
    arrive(shop, land(order_items=[{"price": "2.00"}]), hours=2)
    refresh(shop)
    monkeypatch.setenv("KEYSTONE_ARCHIVE", archive)
    found = traced(shop, *SALE, column="price").records
    archived = [(each.state, each.archived) for each in found if each.table == "bronze.order_items"]
    assert sorted(archived, key=str) == [
        ("accepted", None),
        ("superseded", f"{archive}/order_items.csv"),
        ("superseded", None),
    ]


def test_record_of_a_topic_is_traced_to_its_offset(lake: str) -> None:
    raw = pl.DataFrame([GOOD["sellers"]], bronze.Sellers.fields())
    source = pl.lit("kafka/shop.sellers/3/id").alias("_source")
    rows = arrived(raw).with_columns(source, _position=pl.lit(41, pl.Int64))
    handle = delta.open_table(lake, bronze.Sellers)
    delta.append(handle, rows, delta.commit_properties({}, {}))
    refresh(lake, "silver.sellers")
    (record,) = traced(lake, "silver.sellers", f"seller_id={'d' * 32}").records
    assert origin_text(record) == "topic shop.sellers, partition 3, offset 41"


def test_mart_is_traced_to_its_facts_by_count_and_sum(shop: str, land: Land) -> None:
    others = [{"order_item_id": str(number), "price": "1.00"} for number in (2, 3)]
    arrive(shop, land(order_items=others), hours=1)
    refresh(shop)
    found = traced(shop, "gold.mart_category", "category=books", limit=2)
    facts = below(found, "gold.fact_sales")
    assert (facts.count, str(facts.sums["price"])) == (3, "101.90")
    assert not facts.is_followed
    assert found.records == set()
    command = f"keystone trace gold.fact_sales order_id={A} order_item_id=2"
    lines = [*trace_lines(found)]
    assert any(line.endswith(command) for line in lines)
    assert "0 records; `--rows 3` follows the other rows to their records" in lines
    followed = traced(shop, "gold.mart_category", "category=books")
    assert below(followed, "silver.order_items").count == 3


def test_aggregate_is_traced_to_the_facts_that_it_counts(shop: str, land: Land) -> None:
    late = {"order_id": B, "order_delivered_customer_date": "2017-12-31 18:00:00"}
    arrive(shop, land(orders=[late]), hours=1)
    refresh(shop)
    found = traced(shop, "gold.mart_review_by_lateness", "lateness=4 to 7 days early")
    assert [row.key for row in below(found, "gold.fact_orders").rows] == [{"order_id": A}]


def test_record_is_not_decisive_if_the_row_counts_another_in_its_stead(shop: str) -> None:
    month = "2017-11"
    words = (f"purchase_month={month}", f"cohort_month={month}")
    found = traced(shop, "gold.agg_monthly_cohorts", *words)
    # Without its record, the customer is inferred and counts as a person of that month.
    assert {(each.table, each.is_decisive) for each in found.records} == {
        ("bronze.customers", False),
        ("bronze.order_items", True),
        ("bronze.orders", True),
    }


def test_decisive_records_of_many_are_not_known(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["flows.trace.trace"], "TESTED", 5)
    found = traced(shop, *SALE)
    assert {record.is_decisive for record in found.records} == {None}
    assert "6 records" in [*trace_lines(found)]


@pytest.mark.parametrize(("others", "counted"), [(5, False), (6, True)])
def test_rows_without_a_decisive_record_are_counted_if_they_are_many(
    shop: str, land: Land, others: int, *, counted: bool
) -> None:
    items = [{"order_item_id": str(2 + number)} for number in range(others)]
    arrive(shop, land(order_items=[*items, {"price": "free"}]), hours=1)
    refresh(shop)
    lines = [*trace_lines(traced(shop, "gold.dim_product", f"product_id={PRODUCT}"))]
    shown = [line for line in lines if "order_item_id=" in line]
    assert len(shown) == (1 if counted else 6)
    assert "order_item_id=1 " in shown[-1]  # has a record in quarantine
    text = "└── 6 rows without a decisive or quarantined record (--json lists them)"
    assert any(line.endswith(text) for line in lines) == counted


def test_times_are_shown_to_the_second_in_utc(shop: str) -> None:
    found = traced(shop, *SALE)
    lines = "\n".join(trace_lines(found))
    assert "; upsert of 2018-01-01 12:00:00 UTC, ingested 20" in lines
    assert re.search(r"ingested [\d-]+ \d\d:\d\d:\d\d UTC$", lines, re.MULTILINE)


def test_personal_data_is_not_shown(shop: str, land: Land) -> None:
    texts = {"review_comment_title": "Secret", "review_comment_message": "Also secret"}
    bad = texts | {"review_score": "9"}
    arrive(shop, land(order_reviews=[texts, bad]), hours=1)
    refresh(shop, "silver.order_reviews")
    key = (f"review_id={'e' * 32}", f"order_id={A}")
    for form in ((), ("--json",)):
        printed = invoke("trace", "silver.order_reviews", *key, "--lake", shop, *form)
        assert "quarantined" in printed
        assert "ecret" not in printed


def test_inferred_member_is_traced_to_the_fact_that_needs_it(land: Land, lake: str) -> None:
    arrive(lake, land(orders=[{}], order_items=[{}]))
    refresh(lake)
    found = traced(lake, "gold.dim_product", f"product_id={PRODUCT}")
    assert found.values["inferred"]
    assert [(each.table, each.is_decisive) for each in found.records] == [
        ("bronze.order_items", True)
    ]


def test_history_is_traced_to_every_version(shop: str, land: Land) -> None:
    arrive(shop, land(orders=[{"order_status": "shipped"}]), hours=1)
    refresh(shop)
    time = "valid_from=2018-01-01 13:00:00"
    found = traced(shop, "silver.orders_history", f"order_id={A}", time)
    assert found.values["order_status"] == "shipped"
    assert {(each.state, each.is_decisive) for each in found.records} == {
        ("accepted", True),
        ("superseded", False),  # without it, this interval stays
    }


def test_older_version_of_an_input_is_read_if_the_table_has_consumed_that(
    shop: str, land: Land
) -> None:
    arrive(shop, land(order_items=[{"price": "1.00"}]), hours=1)
    refresh(shop, "silver.order_items")
    found = traced(shop, *SALE)
    assert str(found.values["price"]) == "99.90"
    assert found.differing == ()
    assert str(below(found, "silver.order_items").sums["price"]) == "99.90"


def test_records_are_those_of_the_version_of_silver_that_a_table_has_consumed(
    shop: str, land: Land
) -> None:
    arrive(shop, land(order_items=[{"price": "1.00"}]), hours=1)
    refresh(shop)
    arrive(shop, land(order_items=[{"price": "free"}]), hours=2)
    refresh(shop, "silver.order_items")
    found = traced(shop, *SALE)
    (item,) = below(found, "silver.order_items").rows
    assert [each.state for each in item.records] == ["accepted", "superseded"]


def test_versions_are_those_of_the_version_of_silver_that_a_table_has_consumed(
    shop: str, land: Land
) -> None:
    arrive(shop, land(orders=[{"order_status": "lost"}]), hours=1)
    refresh(shop, "silver.orders")
    time = "valid_from=2018-01-01 12:00:00"
    found = traced(shop, "silver.orders_history", f"order_id={A}", time)
    assert [each.state for each in found.records] == ["accepted"]


def test_missing_row_is_in_quarantine(shop: str, land: Land) -> None:
    arrive(shop, land(orders=[{"order_id": B, "order_status": "lost"}]), hours=1)
    refresh(shop)
    found = reasons(shop, "gold.fact_orders", f"order_id={B}")
    assert found == [("gold.fact_orders", "quarantined"), ("silver.orders", "quarantined")]


def test_missing_row_waits_for_its_order(shop: str, land: Land) -> None:
    arrive(shop, land(order_items=[{"order_id": B}]), hours=1)
    refresh(shop)
    found = reasons(shop, "gold.fact_sales", f"order_id={B}", "order_item_id=1")
    assert found == [("gold.fact_sales", "waiting"), ("silver.orders", "unknown")]


def test_missing_row_was_deleted(shop: str, land: Land) -> None:
    arrive(shop, land(orders=[DELETE]), hours=1)
    refresh(shop)
    found = reasons(shop, "silver.orders", f"order_id={A}")
    assert found == [("silver.orders", "deleted")]
    with pytest.raises(NoRowError, match=r"deleted, orders\.csv, record 1; superseded, ord"):
        traced(shop, "silver.orders", f"order_id={A}")


def test_missing_row_has_not_been_refreshed(shop: str, land: Land) -> None:
    arrive(shop, land(orders=[{"order_id": B}]), hours=1)
    assert reasons(shop, "silver.orders", f"order_id={B}") == [("silver.orders", "not refreshed")]
    refresh(shop, "silver.orders")
    found = reasons(shop, "gold.fact_orders", f"order_id={B}")
    assert found == [("gold.fact_orders", "not refreshed")]


def test_missing_row_is_not_known(shop: str) -> None:
    found = reasons(shop, "gold.fact_sales", f"order_id={A}", "order_item_id=9")
    assert found == [("gold.fact_sales", "unknown"), ("silver.order_items", "unknown")]


def test_output_is_json(shop: str) -> None:
    found = json.loads(invoke("trace", *SALE, "--lake", shop, "--json"))
    assert (found["table"], found["is_complete"]) == ("gold.fact_sales", True)
    assert found["values"]["price"] == "99.90"
    order = found["rows"]["inputs"][0]["rows"][0]
    assert order["key"] == {"order_id": A}
    assert order["records"][0]["event_time"] == "2018-01-01T12:00:00+00:00"


@pytest.fixture
def error_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str, str]]:
    """Run the command, which fails; return its exit code and what it prints."""
    monkeypatch.setenv("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")

    def run(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["keystone", "trace", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        printed = capsys.readouterr()
        return caught.value.code, printed.out, printed.err

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gold.fact_sale"], "there is no table gold.fact_sale; nearest: gold.fact_sales"),
        (["bronze.orders"], "bronze.orders has no key, as it keeps every record; trace silver."),
        ([*SALE, "--column", "prize"], "gold.fact_sales has no column prize; nearest: price"),
        (
            [SALE[0], f"order_id={A}"],
            "order_item_id is missing; the key of gold.fact_sales is order_id (String), order_ite",
        ),
        ([*SALE, "order=1"], "order is not in the key; nearest: order_id, order_item_id; the key"),
        (
            ["silver.orders_history", f"order_id={A}", "valid_from=9999-12-31T23:59:59-10:00"],
            "valid_from: '9999-12-31T23:59:59-10:00' is not of the type",
        ),
        ([*SALE[:2], "order_item_id=one"], "order_item_id: 'one' is not of the type Int64"),
        ([*SALE, "order_item_id=1"], "order_item_id is given twice"),
        ([SALE[0], A], f"{A}: write each column of the key as COLUMN=VALUE"),
    ],
)
def test_wrong_usage_is_explained(
    shop: str,
    error_of: Callable[..., tuple[object, str, str]],
    arguments: list[str],
    message: str,
) -> None:
    code, _, error = error_of(*arguments, "--lake", shop)
    assert code == 2
    assert error.startswith(f"error: {message}")


def test_missing_row_fails_with_its_reasons_as_json(
    shop: str, error_of: Callable[..., tuple[object, str, str]]
) -> None:
    code, printed, error = error_of("silver.orders", f"order_id={B}", "--lake", shop, "--json")
    assert code == 1
    assert json.loads(printed)["reasons"][0]["state"] == "unknown"
    assert error == (f"error: silver.orders has no row with order_id={B}: bronze.orders has none\n")


def test_an_unknown_customer_is_missing_from_every_input(
    shop: str, error_of: Callable[..., tuple[object, str, str]]
) -> None:
    # Orders are asked for their customers, who are no part of their own key.
    code, _, error = error_of("gold.dim_customer", f"customer_id={B}", "--lake", shop)
    assert code == 1
    assert f"silver.customers has no row with customer_id={B}: bronze.customers has none" in error
    assert f"silver.orders has no row with customer_id={B}: bronze.orders has none" in error
