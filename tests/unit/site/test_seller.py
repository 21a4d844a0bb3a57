"""Tests of the data of the seller page."""

import json
from decimal import Decimal

import duckdb
import polars as pl

from flows.site.formatting import DASH
from flows.site.report.model import Frames
from flows.site.report.pages.seller import PANELS, seller_data, summarize
from tests.unit.site.test_reporting_month import months

COLUMNS = (
    *("purchase_month", "sales", "orders", "called_off"),
    *("delivered", "late", "reviews", "stars"),
)
FRAMES = {
    "monthly-gmv": months({"orders": 100}, {}, {"orders": 1, "delivered": 0}),
    "all-sellers": pl.DataFrame(
        [
            ("2018-01", Decimal("9.50"), 100, 0, 90, 9, 80, 300),
            ("2018-02", Decimal("8.00"), 90, 1, 80, 8, 70, 200),
            ("2018-03", Decimal("1.00"), 1, 0, 0, 0, 0, 0),
        ],
        COLUMNS,
        orient="row",
    ),
    "seller-months": pl.DataFrame(
        [
            ("b", "SP", 3, "2018-01", Decimal("9.00"), 2, 0, 2, 1, 1, 5),
            ("b", "SP", 3, "2018-03", Decimal("1.00"), 1, 0, 0, 0, 0, 0),
            ("a", None, 3, "2018-02", Decimal("8.00"), 1, 1, 0, 0, 1, 1),
        ],
        ("seller_id", "seller_state", "sellers", *COLUMNS),
        orient="row",
    ),
}


def test_seller_data_has_the_sums_of_the_months_with_a_sale() -> None:
    data = seller_data(FRAMES)
    assert (data["months"], data["drawn"]) == (["2018-01", "2018-02", "2018-03"], [0, 1])
    assert data["sellers"] == [
        ["b", "SP", [0, 2], [9.0, 1.0], [2, 1], [0, 0], [2, 0], [1, 0], [1, 0], [5, 0]],
        ["a", "", [1], [8.0], [1], [1], [0], [0], [1], [1]],
    ]
    assert data["all"][1] == [100, 90, 1]
    assert data["states"]["SP"] == f"SP {DASH} São Paulo"


def test_seller_data_has_zeros_for_a_month_without_a_sale() -> None:
    sold = pl.col("purchase_month") != "2018-02"
    without = {name: FRAMES[name].filter(sold) for name in ("all-sellers", "seller-months")}
    data = seller_data({**FRAMES, **without})
    assert (data["months"], data["drawn"]) == (["2018-01", "2018-02", "2018-03"], [0, 1])
    assert data["all"][:2] == [[9.5, 0, 1.0], [100, 0, 1]]


def test_page_says_which_sellers_it_leaves_out() -> None:
    (remark,) = summarize(FRAMES).remarks
    assert "room for 2 of 3 sellers, those with the highest sales" in remark
    all_shown = {"seller-months": FRAMES["seller-months"].with_columns(sellers=2)}
    assert summarize(all_shown).remarks == ("The source has no seller names, only ids.",)


def test_sellers_on_the_page_are_the_largest_that_fit_below_a_megabyte() -> None:
    frames = _frames_of(sellers=3000, months=24)
    shown = frames["seller-months"]
    assert shown["seller_id"].unique(maintain_order=True).to_list() == [
        f"{n:032x}" for n in range(3000, 3000 - 24_000 // 26, -1)
    ]
    assert len(json.dumps(seller_data(frames), separators=(",", ":"))) < 950_000


def test_page_has_room_for_every_seller_of_a_marketplace_like_olist() -> None:
    assert _frames_of(sellers=3095, months=5)["seller-months"]["seller_id"].n_unique() == 3095


def _frames_of(*, sellers: int, months: int) -> Frames:
    """Run the statements for sellers with large numbers in each month; the last sells most."""
    with duckdb.connect() as database:
        database.execute(
            f"""
            CREATE SCHEMA gold;
            CREATE TABLE gold.dim_seller AS
                SELECT printf('%032x', s) AS seller_id, 'SP' AS seller_state
                FROM range(1, {sellers + 1}) AS sellers(s);
            CREATE TABLE gold.agg_monthly_sellers AS
                SELECT strftime(DATE '2016-01-01' + to_months(m::INTEGER), '%Y-%m')
                           AS purchase_month,
                       printf('%032x', s) AS seller_id, 10000.37::DECIMAL(18, 2) + s AS sales,
                       1234 AS orders, 567 AS called_off, 1234 AS delivered, 1000 AS on_time,
                       1234 AS reviews, 5678 AS stars
                FROM range(1, {sellers + 1}) AS sellers(s), range({months}) AS months(m)
            """  # noqa: S608 - the numbers are those of a test
        )
        found = {panel.name: database.sql(panel.sql).pl() for panel in PANELS}
    purchased = found["all-sellers"]["purchase_month"]
    month = pl.DataFrame({"purchase_month": purchased, "orders": 10, "delivered": 10})
    return {**found, "monthly-gmv": month}
