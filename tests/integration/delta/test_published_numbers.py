"""Numbers published about the Olist data, computed from the marts.

`make check-olist OLIST=DIR` checks the files in a folder, for example those of Kaggle.
"""

import pytest

from flows.query.sql import query

SQL = {
    "orders": "SELECT sum(orders) FROM gold.mart_monthly_sales",
    "GMV": "SELECT sum(gmv) FROM gold.mart_monthly_sales",
    "sales of all categories": "SELECT sum(sales) FROM gold.mart_category",
    "sales of all sellers": "SELECT sum(sales) FROM gold.mart_seller_scorecard",
    "freight": "SELECT sum(freight_value) FROM gold.mart_delivery_by_state",
    "payments": "SELECT sum(payment_value) FROM gold.mart_payment_mix",
    "on time, %": "SELECT 100 * sum(on_time) / sum(delivered) FROM gold.mart_delivery_by_state",
    "mean review": "SELECT sum(stars) / sum(reviews) FROM gold.mart_review_by_lateness",
    "repeat customers, %": "SELECT 100 * avg((orders > 1)::INT) FROM gold.mart_customer_rfm",
}

PUBLISHED: dict[int, dict[str, str]] = {
    99_441: {
        "orders": "99441",
        "GMV": "13591643.70",
        "sales of all categories": "13591643.70",
        "sales of all sellers": "13591643.70",
        "freight": "2251909.54",
        "payments": "16008872.12",
        "on time, %": "93.23",
        "mean review": "4.09",
        "repeat customers, %": "3.12",
    },
    8_135: {
        "orders": "8135",
        "GMV": "1093264.35",
        "sales of all categories": "1093264.35",
        "sales of all sellers": "1093264.35",
        "freight": "172288.39",
        "payments": "1428602.81",
        "on time, %": "93.377",
        "mean review": "3.27161",
        "repeat customers, %": "0.911",
    },
}
"""The published numbers of the whole set and of the part used in tests, by the number of orders."""


@pytest.mark.parametrize("number", SQL)
def test_marts_give_the_published_number(real_lake: str, number: str) -> None:
    orders = query(real_lake, SQL["orders"]).item()
    assert orders in PUBLISHED, f"{orders} orders: neither all of Olist, nor our part of it"
    known = PUBLISHED[orders][number]
    decimals = len(known.partition(".")[2])
    assert f"{query(real_lake, SQL[number]).item():.{decimals}f}" == known
