"""The synthetic marketplace: format, invariants, proportions, and known defects."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.strategies import breakable
from flows.sample import write_sample
from flows.sample.defects import DEFECTS
from flows.sample.written_files import ForeignFilesError
from transforms.graph import tables

ORDERS = 4_000
TRANSLATION = "product_category_name_translation"
HEADERS = {
    "orders": "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date",
    "order_items": "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,"
    "freight_value",
    "order_payments": "order_id,payment_sequential,payment_type,payment_installments,payment_value",
    "order_reviews": "review_id,order_id,review_score,review_comment_title,review_comment_message,"
    "review_creation_date,review_answer_timestamp",
    "customers": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,"
    "customer_state",
    "products": "product_id,product_category_name,product_name_lenght,product_description_lenght,"
    "product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm",
    "sellers": "seller_id,seller_zip_code_prefix,seller_city,seller_state",
    "geolocation": "geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,geolocation_city,"
    "geolocation_state",
    TRANSLATION: "product_category_name,product_category_name_english",
}
KEYS = {
    "orders": ["order_id"],
    "order_items": ["order_id", "order_item_id"],
    "order_payments": ["order_id", "payment_sequential"],
    "order_reviews": ["review_id", "order_id"],
    "customers": ["customer_id"],
    "products": ["product_id"],
    "sellers": ["seller_id"],
    TRANSLATION: ["product_category_name"],
}
REFERENCES = [
    ("orders", "customer_id", "customers"),
    ("customers", "customer_id", "orders"),
    ("order_items", "order_id", "orders"),
    ("order_items", "product_id", "products"),
    ("order_items", "seller_id", "sellers"),
    ("order_payments", "order_id", "orders"),
    ("orders", "order_id", "order_payments"),
    ("order_reviews", "order_id", "orders"),
]
STATES = "AC|AL|AM|AP|BA|CE|DF|ES|GO|MA|MG|MS|MT|PA|PB|PE|PI|PR|RJ|RN|RO|RR|RS|SC|SE|SP|TO"
FORMATS = {
    r"order_item_id|sequential|installments|lenght|qty|_g$|_cm$": r"^\d+$",
    r"_id$": r"^[0-9a-f]{32}$",
    r"zip_code_prefix$": r"^\d{5}$",
    r"_timestamp$|_date$|_at$": r"^201\d-[01]\d-[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d$",
    r"price$|_value$": r"^\d+\.\d{1,2}$",
    r"_score$": r"^[1-5]$",
    r"_lat$|_lng$": r"^-?\d+\.\d+$",
    r"_state$": f"^({STATES})$",
    r"_status$": r"^(created|approved|invoiced|processing|shipped|delivered|canceled|unavailable)$",
    r"_type$": r"^(credit_card|boleto|voucher|debit_card|not_defined)$",
}
NULLABLE = {
    "order_approved_at",
    "order_delivered_carrier_date",
    "order_delivered_customer_date",
    "review_comment_title",
    "review_comment_message",
    "product_category_name",
    "product_name_lenght",
    "product_description_lenght",
    "product_photos_qty",
}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clean")
    write_sample(out, ORDERS, seed=1)
    return out


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dirty")
    write_sample(out, ORDERS, seed=1, dirty=0.1)
    return out


@pytest.fixture(scope="module")
def two_chunks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("two_chunks")
    write_sample(out, 100_500, seed=1)
    return out


def file_of(out: Path, entity: str) -> Path:
    return out / (f"{entity}.csv" if entity == TRANSLATION else f"olist_{entity}_dataset.csv")


def table(out: Path, entity: str) -> pl.DataFrame:
    return pl.read_csv(file_of(out, entity), infer_schema=False)


def records(out: Path, entity: str) -> list[list[str]]:
    with file_of(out, entity).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def broken_rows(out: Path) -> list[dict[str, Any]]:
    with (out / "_broken_rows.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def cents(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Float64) * 100).round().cast(pl.Int64)


def mean(values: pl.Series) -> float:
    return float(values.drop_nulls().cast(pl.Float64).to_numpy().mean())


def format_of(column: str) -> str | None:
    return next((form for name, form in FORMATS.items() if re.search(name, column)), None)


@pytest.mark.parametrize("entity", HEADERS)
def test_headers_and_widths_are_those_of_the_source(clean: Path, entity: str) -> None:
    header, *rows = records(clean, entity)
    assert ",".join(header) == HEADERS[entity]
    assert {len(row) for row in rows} == {len(header)}


def test_only_the_translation_begins_with_a_byte_order_mark(clean: Path) -> None:
    marked = [
        path.name for path in clean.iterdir() if path.read_bytes().startswith(b"\xef\xbb\xbf")
    ]
    assert marked == ["product_category_name_translation.csv"]


@pytest.mark.parametrize("entity", HEADERS)
def test_values_have_the_format_of_the_source(clean: Path, entity: str) -> None:
    for values in table(clean, entity):
        assert values.name in NULLABLE or values.null_count() == 0
        if form := format_of(values.name):
            assert values.drop_nulls().str.contains(form).all(), values.name


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, dirty: Path) -> None:
    write_sample(tmp_path, ORDERS, seed=1, dirty=0.1)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in dirty.iterdir()
    )
    for path in dirty.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_another_seed_gives_other_orders(tmp_path: Path, clean: Path) -> None:
    write_sample(tmp_path, ORDERS, seed=2)
    both = table(clean, "orders").join(table(tmp_path, "orders"), on="order_id")
    assert both.is_empty()


@pytest.mark.parametrize("entity", KEYS)
def test_keys_are_unique_across_chunks(two_chunks: Path, entity: str) -> None:
    assert not table(two_chunks, entity).select(KEYS[entity]).is_duplicated().any()


@pytest.mark.parametrize(("entity", "key", "other"), REFERENCES)
def test_references_hold_across_chunks(two_chunks: Path, entity: str, key: str, other: str) -> None:
    dangling = table(two_chunks, entity).join(table(two_chunks, other), on=key, how="anti")
    assert dangling.is_empty()


def test_payments_add_up_to_the_items_to_the_cent(clean: Path) -> None:
    due = (
        table(clean, "order_items")
        .group_by("order_id")
        .agg((cents("price") + cents("freight_value")).sum().alias("cents"))
    )
    paid = (
        table(clean, "order_payments")
        .group_by("order_id")
        .agg(cents("payment_value").sum().alias("cents"))
    )
    assert due.height > 0
    assert_frame_equal(due, paid.join(due, on="order_id", how="semi"), check_row_order=False)


def test_times_of_an_order_follow_its_purchase(clean: Path) -> None:
    orders = table(clean, "orders")
    purchased = orders["order_purchase_timestamp"]
    assert ((purchased > "2016-09") & (purchased < "2018-11")).all()
    for time in (
        "approved_at",
        "delivered_carrier_date",
        "delivered_customer_date",
        "estimated_delivery_date",
    ):
        assert (orders[f"order_{time}"] >= purchased).all(), time


def test_a_review_follows_the_purchase_and_its_answer_the_review(clean: Path) -> None:
    reviews = table(clean, "order_reviews").join(table(clean, "orders"), on="order_id")
    assert (reviews["review_creation_date"] > reviews["order_purchase_timestamp"]).all()
    assert (reviews["review_answer_timestamp"] > reviews["review_creation_date"]).all()


def test_proportions_are_those_of_the_source(two_chunks: Path) -> None:
    orders, items, payments, reviews, customers, products = (
        table(two_chunks, entity)
        for entity in (
            "orders",
            "order_items",
            "order_payments",
            "order_reviews",
            "customers",
            "products",
        )
    )
    handed_over = orders["order_delivered_carrier_date"]
    delivered = orders.filter(order_status="delivered")
    arrival, estimate = (
        delivered[f"order_{moment}_date"].str.head(len("yyyy-mm-dd"))
        for moment in ("delivered_customer", "estimated_delivery")
    )
    late = arrival > estimate
    rated = reviews.cast({"review_score": pl.Int64}).join(
        delivered.with_columns(late=late, on_the_day=arrival == estimate), on="order_id"
    )
    month = Counter(orders["order_purchase_timestamp"].str.head(7))
    measured = {
        "delivered": (delivered.height / orders.height, 0.965, 0.975),
        "late": (mean(late), 0.07, 0.09),
        "score when late": (mean(rated.filter("late")["review_score"]), 1.5, 2.5),
        "score on time": (mean(rated.filter(~pl.col("late"))["review_score"]), 4.2, 4.4),
        "score on the day": (mean(rated.filter("on_the_day")["review_score"]), 4.0, 4.6),
        "handed over too early": (mean(handed_over < orders["order_approved_at"]), 0.008, 0.012),
        "no items": (1 - items["order_id"].n_unique() / orders.height, 0.006, 0.010),
        "one item": (mean(items["order_id"].value_counts()["count"] == 1), 0.86, 0.90),
        "payments": (mean(payments["order_id"].value_counts()["count"] > 1), 0.025, 0.035),
        "commented": (mean(reviews["review_comment_message"].is_not_null()), 0.36, 0.44),
        "people": (customers["customer_unique_id"].n_unique() / customers.height, 0.965, 0.975),
        "in SP": (mean(customers["customer_state"] == "SP"), 0.40, 0.44),
        "black friday": (month["2017-11"] / month["2017-10"], 1.4, 1.8),
        "no category": (mean(products["product_category_name"].is_null()), 0.004, 0.008),
    }
    assert {
        name: (value, low, high)
        for name, (value, low, high) in measured.items()
        if not low <= value <= high
    } == {}


def test_orders_without_items_are_not_fulfilled(clean: Path) -> None:
    empty = table(clean, "orders").join(table(clean, "order_items"), on="order_id", how="anti")
    assert set(empty["order_status"]) <= {"canceled", "unavailable", "created"}


def test_geolocation_covers_brazil_and_nothing_else(two_chunks: Path) -> None:
    points = table(two_chunks, "geolocation")
    customers = table(two_chunks, "customers")
    known = customers["customer_zip_code_prefix"].is_in(
        points["geolocation_zip_code_prefix"].unique().implode()
    )
    assert set(points["geolocation_state"]) == set(STATES.split("|"))
    assert set(customers["customer_state"]) == set(STATES.split("|"))
    assert points["geolocation_lat"].cast(pl.Float64).is_between(-34, 5.3).all()
    assert points["geolocation_lng"].cast(pl.Float64).is_between(-74, -34.7).all()
    assert points.is_duplicated().any()
    assert 0.99 < mean(known) < 1
    assert "são paulo" in points["geolocation_city"].to_list()


def test_a_person_has_one_address(two_chunks: Path) -> None:
    homes = table(two_chunks, "customers").drop("customer_id").unique()
    assert not homes["customer_unique_id"].is_duplicated().any()


def test_orders_that_share_a_review_share_all_of_it(two_chunks: Path) -> None:
    shared = table(two_chunks, "order_reviews").filter(pl.col("review_id").is_duplicated())
    assert shared.height > 100
    assert shared.drop("order_id").n_unique() == shared["review_id"].n_unique()


@pytest.mark.parametrize(
    "text",
    [r"[^\r]\n", r"\r\n", ",", '"', "ção", r"@example\.com", r"\(\d\d\) 9", "CPF", "(?i)cep"],
)
def test_review_messages_have_text_that_is_hard_to_parse(clean: Path, text: str) -> None:
    header, *rows = records(clean, "order_reviews")
    messages = [row[header.index("review_comment_message")] for row in rows]
    assert len(rows) == table(clean, "order_reviews").height
    assert any(re.search(text, message) for message in messages)


@pytest.mark.parametrize("dirty", [0.0, 1.0])
@pytest.mark.parametrize("orders", [0, 1, 2, 10])
def test_small_samples_have_all_files(tmp_path: Path, orders: int, dirty: float) -> None:
    write_sample(tmp_path, orders, seed=3, dirty=dirty)
    rows = {entity: len(records(tmp_path, entity)) - 1 for entity in HEADERS}
    assert rows["orders"] == rows["customers"] == orders
    assert all((rows[entity] > 0) == (orders > 0) for entity in ("products", "geolocation"))
    assert rows[TRANSLATION] > 0
    if dirty:
        broken = Counter(row["entity"] for row in broken_rows(tmp_path))
        assert broken == Counter({entity: rows[entity] for entity in DEFECTS})


@pytest.mark.parametrize(("orders", "dirty"), [(-1, 0.0), (1, -0.1), (1, 1.1), (1, float("nan"))])
def test_invalid_arguments_are_rejected_before_anything_is_written(
    tmp_path: Path, orders: int, dirty: float
) -> None:
    with pytest.raises(ValueError, match="orders is -1" if orders < 0 else "dirty is"):
        write_sample(tmp_path / "out", orders, seed=1, dirty=dirty)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["notes.txt", "olist_orders_dataset.csv", "2018/orders.csv"])
def test_folder_with_foreign_files_is_not_changed(tmp_path: Path, name: str) -> None:
    foreign = tmp_path / name
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("mine")
    with pytest.raises(ForeignFilesError, match=name.partition("/")[0]):
        write_sample(tmp_path, 10, seed=1)
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]
    write_sample(tmp_path, 10, seed=1, force=True)
    assert table(tmp_path, "orders").height == 10


def test_changed_file_of_a_sample_is_not_overwritten(tmp_path: Path) -> None:
    write_sample(tmp_path, 10, seed=1)
    real = tmp_path / "olist_orders_dataset.csv"
    real.write_text("mine")
    with pytest.raises(ForeignFilesError, match=real.name):
        write_sample(tmp_path, 10, seed=1)
    assert real.read_text() == "mine"


def test_a_sample_replaces_an_earlier_one_and_its_list_of_broken_rows(tmp_path: Path) -> None:
    write_sample(tmp_path, 50, seed=1, dirty=0.5)
    write_sample(tmp_path, 10, seed=1)
    assert not (tmp_path / "_broken_rows.jsonl").exists()
    assert table(tmp_path, "orders").height == 10


@pytest.mark.parametrize("entity", DEFECTS)
def test_listed_records_are_broken_and_the_others_unchanged(
    clean: Path, dirty: Path, entity: str
) -> None:
    (header, *before), (_, *after) = records(clean, entity), records(dirty, entity)
    listed = {row["record"]: row for row in broken_rows(dirty) if row["entity"] == entity}
    assert len(listed) == round(0.1 * len(before))
    changed = {
        number
        for number, pair in enumerate(zip(before, after, strict=True), start=1)
        if pair[0] != pair[1]
    }
    assert changed == set(listed)
    for number, row in listed.items():
        record = after[number - 1]
        if row["column"] is None:
            assert row["rule"] == "record_is_readable"
            assert abs(len(record) - len(header)) == 1
            continue
        fields = dict(zip(header, record, strict=True))
        assert fields[row["column"]] == (row["value"] or "")
        assert breaks(row["rule"], row["column"], row["value"], fields), row
        others = [name for name in header if name != row["column"]]
        whole = dict(zip(header, before[number - 1], strict=True))
        assert [fields[name] for name in others] == [whole[name] for name in others]


def test_each_defect_breaks_a_rule_of_its_contract() -> None:
    rules = {
        table.source.spec().name: {
            "record_is_readable",
            *breakable(table.contract, table.source),
        }
        for table in tables().values()
        if table.source
    }
    unknown = {
        (entity, defect.rule)
        for entity, defects in DEFECTS.items()
        for defect in defects
        if defect.rule not in rules[entity]
    }
    assert unknown == set()


def test_every_kind_of_defect_occurs(dirty: Path) -> None:
    listed = {(row["entity"], row["column"], row["rule"]) for row in broken_rows(dirty)}
    assert listed == {
        (entity, defect.column, defect.rule)
        for entity, defects in DEFECTS.items()
        for defect in defects
    }


@pytest.mark.parametrize("entity", DEFECTS)
def test_records_have_a_field_too_few_and_a_field_too_many(dirty: Path, entity: str) -> None:
    header, *rows = records(dirty, entity)
    assert {len(row) - len(header) for row in rows} == {-1, 0, 1}


def test_broken_rows_are_numbered_across_chunks(tmp_path: Path) -> None:
    write_sample(tmp_path, 100_500, seed=1, dirty=0.01)
    listed = [row for row in broken_rows(tmp_path) if row["entity"] == "orders"]
    header, *rows = records(tmp_path, "orders")
    assert len(listed) == 1005
    assert max(row["record"] for row in listed) > 100_000
    for row in listed:
        if row["column"]:
            value = rows[row["record"] - 1][header.index(row["column"])]
            assert value == (row["value"] or "")


def breaks(rule: str, column: str, value: str | None, fields: dict[str, str]) -> bool:
    """Return whether a value breaks a rule, by the name of the rule."""
    if value is None:
        return rule.endswith("_is_present")
    if rule.endswith("_is_a_timestamp"):
        return fails(lambda: datetime.fromisoformat(value))
    if rule.endswith("_is_a_number"):
        return fails(lambda: float(value))
    if rule.endswith(("_is_well_formed", "_is_known")):
        return not re.search(format_of(column) or "", value)
    if rule == "delivered_not_before_purchased":
        return value < fields["order_purchase_timestamp"]
    low, high = {"review_score_is_between_1_and_5": (1, 5), "inside_brazil": (-34, 5.3)}.get(
        rule, (0, float("inf"))
    )
    return not low <= float(value) <= high


def fails(parse: Callable[[], object]) -> bool:
    try:
        parse()
    except ValueError:
        return True
    return False
