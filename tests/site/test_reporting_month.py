"""The report tells of a month that can be compared, and says in words how it went."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from flows.site.report.reporting_month import left_out, period, sentences


def months(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of gold.mart_monthly_sales from January 2018 on, each of ten good orders of R$ 10."""
    good = {
        "gmv": Decimal("100.00"),
        "gmv_called_off": Decimal(0),
        "orders": 10,
        "orders_with_items": 10,
        "average_order_value": Decimal("10.00"),
        "delivered": 10,
        "on_time_share": 0.9,
        "reviews": 10,
        "review_score": 4.0,
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
    found = period(months(*rows))
    assert found
    before = found.before["purchase_month"] if found.before else None
    return found.now["purchase_month"], before, [m["purchase_month"] for m in found.left_out]


def said(*rows: dict[str, Any]) -> list[str]:
    found = period(months(*rows))
    assert found
    return [each.replace("\N{NO-BREAK SPACE}", " ") for each in sentences(found)]


def test_without_orders_there_is_no_period() -> None:
    assert period(months({}).clear()) is None


def test_the_last_month_is_never_over() -> None:
    assert chosen({}, {}, {}) == ("2018-02", "2018-01", ["2018-03"])


def test_months_without_a_delivery_are_left_out() -> None:
    last = chosen({}, {}, NOTHING, {"delivered": 0})
    assert last == ("2018-02", "2018-01", ["2018-03", "2018-04"])


def test_a_month_with_hardly_an_order_is_left_out() -> None:
    stub, least = {"orders": 9, "delivered": 9}, {"orders": 10, "delivered": 1}
    assert chosen({"orders": 200}, stub, stub)[0] == "2018-01"
    assert chosen({"orders": 200}, least, stub)[0] == "2018-02"
    assert chosen(stub, {"orders": 200})[0] == "2018-01"


def test_a_month_that_is_not_over_is_better_than_none() -> None:
    assert chosen({}) == ("2018-01", None, [])
    assert chosen(NOTHING, {}) == ("2018-02", "2018-01", [])
    assert chosen(NOTHING, NOTHING) == ("2018-02", "2018-01", [])


def test_what_is_left_out_is_said() -> None:
    found = period(months({}, {"orders": 16, "delivered": 0}, {"orders": 1, "delivered": 0}))
    assert found
    assert left_out(found) == (
        "January 2018 is the newest month with deliveries that is over and has a twentieth of the "
        "busiest month's orders. Left out: February 2018 (16 orders, none delivered), March 2018 "
        "(1 order, none delivered)."
    )
    stub = period(months({"orders": 1, "delivered": 1}, {"orders": 500, "delivered": 0}))
    assert stub
    assert left_out(stub) == (
        "January 2018 is the newest month with deliveries that is over. Left out: February 2018 "
        "(500 orders, none delivered)."
    )
    alone = period(months({}))
    assert alone
    assert left_out(alone) == "No month with a delivery is over yet: this one may still grow."


def test_a_rise_is_said() -> None:
    more = {
        "gmv": Decimal("180.00"),
        "orders": 15,
        "orders_with_items": 15,
        "delivered": 15,
        "average_order_value": Decimal("12.00"),
        "on_time_share": 0.95,
        "review_score": 4.25,
    }
    assert said({}, more, {}) == [
        (
            "In February 2018 GMV rose by 80.0% to R$ 180.00: 50.0% more orders with items (15), "
            "at an average of R$ 12.00 (20.0% higher)."
        ),
        (
            "95.0% of its deliveries came on time, 5.0 points more than in the month before; "
            "reviews gave 4.25 of 5 stars, 0.25 more than in the month before."
        ),
    ]


def test_a_fall_is_said() -> None:
    less = {
        "gmv": Decimal("40.00"),
        "orders_with_items": 5,
        "average_order_value": Decimal("8.00"),
        "on_time_share": 0.8,
        "review_score": 3.0,
    }
    assert said({}, less, {}) == [
        (
            "In February 2018 GMV fell by 60.0% to R$ 40.00: 50.0% fewer orders with items (5 of "
            "10), at an average of R$ 8.00 (20.0% lower)."
        ),
        (
            "80.0% of its deliveries came on time, 10.0 points less than in the month before; "
            "reviews gave 3.00 of 5 stars, 1.00 less than in the month before."
        ),
    ]


def test_a_month_whose_orders_are_still_under_way_is_not_compared() -> None:
    young = {"delivered": 8, "on_time_share": 1.0, "review_score": 4.8}
    (_, so_far) = said({}, young, {})
    assert so_far == (
        "So far 8 of its 10 orders came, 100% of them on time; its 10 reviews, also of what has "
        "not come, gave 4.80 of 5 stars. What is late comes last, so this is not compared with the "
        "month before."
    )
    assert "than in the month before" in said({}, young | {"delivered": 9}, {})[1]


def test_nothing_new_is_said() -> None:
    assert said({}, {}, {}) == [
        (
            "In February 2018 GMV stayed the same at R$ 100.00: as many orders with items (10), at "
            "an average of R$ 10.00 (as before)."
        ),
        (
            "90.0% of its deliveries came on time, as in the month before; reviews gave 4.00 of 5 "
            "stars, as in the month before."
        ),
    ]


def test_what_was_called_off_is_said() -> None:
    off = {"gmv_called_off": Decimal("20.00")}
    assert said({}, off, {})[1] == (
        "Of this R$ 20.00 was called off, of the month before R$ 0.00: without either, GMV fell by "
        "20.0%."
    )
    assert said(off, off, {})[1].endswith("without either, GMV stayed the same.")
    assert said(off, {})[1] == "Of this R$ 20.00 was called off, which leaves R$ 80.00."


@pytest.mark.parametrize("before", [[], [NOTHING]])
def test_a_month_without_one_to_compare_stands_alone(before: list[dict[str, Any]]) -> None:
    month = "February" if before else "January"
    assert said(*before, {}, {}) == [
        f"In {month} 2018 GMV came to R$ 100.00, from 10 orders with items.",
        "90.0% of its deliveries came on time; reviews gave 4.00 of 5 stars.",
    ]


def test_a_month_in_which_nothing_was_sold_is_told() -> None:
    assert said({}, NOTHING) == [
        "In January 2018 GMV came to R$ 100.00, from 10 orders with items.",
        "90.0% of its deliveries came on time; reviews gave 4.00 of 5 stars.",
    ]
    assert said(NOTHING) == ["In January 2018 GMV came to R$ 0.00, from 0 orders with items."]
