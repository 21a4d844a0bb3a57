"""Tests of the choice of the reporting month and of its description."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from flows.site.report.reporting_month import (
    choose_month,
    describe_month,
    drawn_months,
    explain_choice,
    share_of_target,
)


def months(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of gold.mart_monthly_sales from January 2018 on, each of ten good orders of R$ 10."""
    good = {
        "gmv": Decimal("100.00"),
        "gmv_called_off": Decimal(0),
        "orders": 10,
        "orders_with_items": 10,
        "average_order_value": Decimal("10.00"),
        "delivered": 10,
        "delivered_on_time": 9,
        "on_time_share": 0.9,
        "reviews": 10,
        "review_score": 4.0,
        "score_error": 0.05,
    }
    return pl.DataFrame(
        [{"purchase_month": f"2018-{n:02}", **good, **row} for n, row in enumerate(rows, 1)],
        schema_overrides={"on_time_share": pl.Float64, "review_score": pl.Float64},
    )


NOTHING: dict[str, Any] = {
    "gmv": Decimal(0),
    "orders_with_items": 0,
    "average_order_value": None,
    "delivered": 0,
    "on_time_share": None,
    "review_score": None,
}


def chosen(*rows: dict[str, Any]) -> tuple[str, str | None, list[str]]:
    found = choose_month(months(*rows))
    assert found
    before = found.previous["purchase_month"] if found.previous else None
    return found.current["purchase_month"], before, [m["purchase_month"] for m in found.excluded]


def described(*rows: dict[str, Any]) -> list[str]:
    found = choose_month(months(*rows))
    assert found
    return [each.replace("\N{NO-BREAK SPACE}", " ") for each in describe_month(found)]


def test_choose_month_without_months_is_none() -> None:
    assert choose_month(months({}).clear()) is None


def test_choose_month_skips_the_last_month() -> None:
    assert chosen({}, {}, {}) == ("2018-02", "2018-01", ["2018-03"])


def test_choose_month_skips_months_without_deliveries() -> None:
    last = chosen({}, {}, NOTHING, {"delivered": 0})
    assert last == ("2018-02", "2018-01", ["2018-03", "2018-04"])


def test_choose_month_skips_months_with_few_orders() -> None:
    stub, least = {"orders": 9, "delivered": 9}, {"orders": 10, "delivered": 1}
    assert chosen({"orders": 200}, stub, stub)[0] == "2018-01"
    assert chosen({"orders": 200}, least, stub)[0] == "2018-02"
    assert chosen(stub, {"orders": 200})[0] == "2018-01"


def test_choose_month_falls_back_to_an_incomplete_month() -> None:
    assert chosen({}) == ("2018-01", None, [])
    assert chosen(NOTHING, {}) == ("2018-02", "2018-01", [])
    assert chosen(NOTHING, NOTHING) == ("2018-02", "2018-01", [])


def test_explain_choice_names_excluded_months() -> None:
    found = choose_month(months({}, {"orders": 16, "delivered": 0}, {"orders": 1, "delivered": 0}))
    assert found
    assert explain_choice(found) == (
        "January 2018 is the newest complete month with deliveries and at least a twentieth of the "
        "busiest month's orders. Excluded: February 2018 (16 orders, none delivered), March 2018 "
        "(1 order, none delivered)."
    )
    stub = choose_month(months({"orders": 1, "delivered": 1}, {"orders": 5000, "delivered": 1200}))
    assert stub
    assert explain_choice(stub) == (
        "January 2018 is the newest complete month with deliveries. Excluded: February 2018 "
        "(5,000 orders, 1,200 delivered)."
    )
    alone = choose_month(months({}))
    assert alone
    assert explain_choice(alone) == (
        "No month with deliveries is complete yet, so this month may still grow."
    )


def test_describe_month_with_a_rise() -> None:
    more = {
        "gmv": Decimal("180.00"),
        "orders": 15,
        "orders_with_items": 15,
        "delivered": 15,
        "average_order_value": Decimal("12.00"),
        "delivered_on_time": 14,
        "on_time_share": 0.95,
        "review_score": 4.25,
    }
    assert described({}, more, {}) == [
        (
            "GMV in February 2018 rose by 80.0% to R$ 180.00: 50.0% more orders with items (15), "
            "R$ 12.00 per order (20.0% higher)."
        ),
        (
            "95.0% of deliveries were on time, not clearly different from 90.0% in the "
            "month before. "
            "Reviews average 4.25 of 5 stars, 0.25 more than in the month before."
        ),
    ]


def test_describe_month_with_a_fall() -> None:
    less = {
        "gmv": Decimal("40.00"),
        "orders_with_items": 5,
        "average_order_value": Decimal("8.00"),
        "delivered_on_time": 8,
        "on_time_share": 0.8,
        "review_score": 3.0,
    }
    assert described({}, less, {}) == [
        (
            "GMV in February 2018 fell by 60.0% to R$ 40.00: 50.0% fewer orders with items (5 of "
            "10 orders), R$ 8.00 per order (20.0% lower)."
        ),
        (
            "80.0% of deliveries were on time, not clearly different from 90.0% in the "
            "month before. "
            "Reviews average 3.00 of 5 stars, 1.00 less than in the month before."
        ),
    ]


def test_few_reviews_are_never_clearly_different() -> None:
    one_review = {"reviews": 1, "score_error": 0.0}
    sentences = described(one_review, {**one_review, "review_score": 5.0}, {})
    assert sentences[-1].endswith("stars, not clearly different from 4.00 in the month before.")


def test_describe_month_with_a_clear_change_of_the_share_on_time() -> None:
    many = {"orders": 900, "orders_with_items": 900, "delivered": 900}
    good = many | {"delivered_on_time": 855, "on_time_share": 0.95}
    bad = many | {"delivered_on_time": 765, "on_time_share": 0.85}
    assert (
        "85.0% of deliveries were on time, 10.0 points less than in" in described(good, bad, {})[1]
    )


def test_months_of_few_orders_are_not_drawn() -> None:
    few, none = {"orders": 9}, {"orders": 10, "delivered": 0}
    months_drawn = drawn_months(months(few, {"orders": 200}, few, {}, few, none, few))
    assert months_drawn.select("purchase_month", "state").rows() == [
        ("2018-02", "past"),
        ("2018-03", "past"),
        ("2018-04", "reported"),
        ("2018-06", "under way"),
    ]


def test_the_only_month_is_under_way() -> None:
    assert drawn_months(months({}))["state"].to_list() == ["under way"]
    assert drawn_months(months({}).clear()).is_empty()


def test_same_month_of_the_last_year_is_known() -> None:
    found = choose_month(months(*[{}] * 12))
    assert found
    assert found.year_ago is None
    year = pl.concat(
        [
            months(*[{}] * 12),
            months({}, {}).with_columns(purchase_month=pl.format("2019-0{}", pl.int_range(1, 3))),
        ]
    )
    found = choose_month(year)
    assert found
    assert found.year_ago
    assert (found.current["purchase_month"], found.year_ago["purchase_month"]) == (
        "2019-01",
        "2018-01",
    )


def test_describe_month_before_most_deliveries_does_not_compare() -> None:
    young = {"delivered": 8, "on_time_share": 1.0, "review_score": 4.8}
    (_, so_far) = described({}, young, {})
    assert so_far == (
        "So far, 8 of its 10 orders have been delivered, 100% of them on time. Its 10 reviews, "
        "including those of undelivered orders, average 4.80 of 5 stars. More late deliveries "
        "may follow, so this report does not compare these numbers with the month before."
    )
    assert "than in the month before" in described({}, young | {"delivered": 9}, {})[1]


def test_describe_month_without_change() -> None:
    assert described({}, {}, {}) == [
        (
            "GMV in February 2018 stayed the same at R$ 100.00: as many orders with items (10), "
            "R$ 10.00 per order (as before)."
        ),
        (
            "90.0% of deliveries were on time, not clearly different from 90.0% in the "
            "month before. "
            "Reviews average 4.00 of 5 stars, not clearly different from 4.00 in the month before."
        ),
    ]


def test_describe_month_with_orders_called_off() -> None:
    off = {"gmv_called_off": Decimal("20.00")}
    assert described({}, off, {})[1] == (
        "Orders called off account for R$ 20.00 (R$ 0.00 in the month before). Without them, GMV "
        "fell by 20.0%."
    )
    assert described(off, off, {})[1].endswith("Without them, GMV stayed the same.")
    assert described(off, {})[1] == (
        "Orders called off account for R$ 20.00; the rest is R$ 80.00."
    )


@pytest.mark.parametrize("before", [[], [NOTHING]])
def test_describe_month_without_a_month_before(before: list[dict[str, Any]]) -> None:
    month = "February" if before else "January"
    assert described(*before, {}, {}) == [
        f"GMV in {month} 2018 came to R$ 100.00, from 10 orders with items.",
        "90.0% of deliveries were on time. Reviews average 4.00 of 5 stars.",
    ]


def test_describe_month_without_sales() -> None:
    assert described({}, NOTHING) == [
        "GMV in January 2018 came to R$ 100.00, from 10 orders with items.",
        "90.0% of deliveries were on time. Reviews average 4.00 of 5 stars.",
    ]
    assert described(NOTHING) == ["GMV in January 2018 came to R$ 0.00, from 0 orders with items."]


def target(gmv: str, share: float) -> dict[str, Any]:
    return {"gmv_target": Decimal(gmv), "gmv_reached_share": share}


def test_describe_month_with_a_target() -> None:
    first, *_ = described({}, target("125.00", 0.8), {})
    assert first.endswith(" (as before). That is 80.0% of the target of R$ 125.00.")


def test_describe_month_under_way_with_a_target() -> None:
    first, *_ = described({}, target("125.00", 0.8), target("400.00", 0.25))
    assert first.endswith(
        " That is 80.0% of the target of R$ 125.00. March 2018 has R$ 100.00 so far, 25.0% of the "
        "target of R$ 400.00."
    )
    alone, *_ = described(target("125.00", 0.8))
    assert alone.endswith(" So far, that is 80.0% of the target of R$ 125.00.")


def test_target_of_a_month_with_few_orders_is_not_described() -> None:
    few = {"orders": 9, "delivered": 9, **target("400.00", 0.25)}
    assert "target" not in described({"orders": 200, "delivered": 200}, {"orders": 200}, few)[0]


def test_target_of_orders_is_a_number() -> None:
    row = {"orders_target": 1200, "orders_reached_share": 1.05}
    assert share_of_target("orders", row) == "105.0% of the target of 1,200"
    assert not share_of_target("gmv", row)
