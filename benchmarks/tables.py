"""The tables that every build writes as Parquet: `silver/`, `bad/` and `gold/`."""

from pathlib import Path
from shutil import rmtree

RECORDS = (
    "customers",
    "geolocation_points",
    "order_items",
    "order_payments",
    "order_reviews",
    "orders",
    "product_category_name_translation",
    "products",
    "sellers",
)
SILVER = (*RECORDS, "geolocation")
GOLD = (
    "dim_customer",
    "dim_date",
    "dim_product",
    "dim_seller",
    "fact_orders",
    "fact_payments",
    "fact_reviews",
    "fact_sales",
    "mart_category",
    "mart_cohort_retention",
    "mart_customer_rfm",
    "mart_delivery_by_state",
    "mart_monthly_sales",
    "mart_payment_mix",
    "mart_review_by_lateness",
    "mart_seller_scorecard",
)
FACTS_AND_DIMENSIONS = tuple(name for name in GOLD if not name.startswith("mart_"))
KEYS = {
    "customers": ("customer_id",),
    "geolocation": ("zip_code_prefix",),
    "geolocation_points": ("zip_code_prefix", "latitude", "longitude", "city", "state"),
    "order_items": ("order_id", "order_item_id"),
    "order_payments": ("order_id", "payment_sequential"),
    "order_reviews": ("review_id", "order_id"),
    "orders": ("order_id",),
    "product_category_name_translation": ("product_category_name",),
    "products": ("product_id",),
    "sellers": ("seller_id",),
    "dim_customer": ("customer_id",),
    "dim_date": ("date_key",),
    "dim_product": ("product_id",),
    "dim_seller": ("seller_id",),
    "fact_orders": ("order_id",),
    "fact_payments": ("order_id", "payment_sequential"),
    "fact_reviews": ("review_id", "order_id"),
    "fact_sales": ("order_id", "order_item_id"),
}
"""The natural key by table that is merged."""

FOR_INCREMENTS = {
    "fact_orders": {
        "customer_unique_id",
        "customer_state",
        "purchase_month",
        "reviews",
        "stars",
        "one_star_reviews",
        "five_star_reviews",
    },
    "fact_payments": {"purchase_month"},
    "fact_sales": {"category", "reviews", "stars", "is_first_of_seller", "is_first_of_category"},
}
"""Columns that only an incremental refresh of our marts needs; the peers omit them."""

PARTITIONED = {"fact_sales": "purchase_month"}
"""The partition column by table; a partitioned table is a folder."""


def folders(out: Path) -> None:
    """Create the empty folders of a build."""
    for layer in ("silver", "bad", "gold"):
        rmtree(out / layer, ignore_errors=True)
        (out / layer).mkdir(parents=True)
