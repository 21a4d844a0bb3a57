"""What every build leaves in its folder, as Parquet: `silver/`, `bad/` and `gold/`."""

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
)
PARTITIONED = {"fact_sales": "purchase_month"}
"""By table, the column that its files are parted by: then the table is a folder."""


def folders(out: Path) -> None:
    """Make the folders of a build, empty."""
    for layer in ("silver", "bad", "gold"):
        rmtree(out / layer, ignore_errors=True)
        (out / layer).mkdir(parents=True)
