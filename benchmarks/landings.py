"""Make two landing zones: `python -m benchmarks.landings ORDERS BASE INCREMENT`.

The second has 1 % new orders, and changes to 0.1 % of the orders of the first.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from polars import col

from flows.sample import write_sample

NEW, CHANGED = 0.01, 0.001
"""New and changed orders of the increment, as shares of the first delivery."""

UNDER_WAY = 0.1
"""Share of the latest orders, some of which change."""

_OF_ORDERS = {"orders", "order_items", "order_payments", "order_reviews"}


def landings(orders: int, base: Path, increment: Path) -> None:
    """Make the folders with the first delivery and with the increment.

    The increment is the latest orders of one sample, with their customers, items, payments and
    reviews. So new orders are for known products, as in a shop. The changed orders are among the
    latest tenth of the others, which are still in delivery; their estimate moves by a day.
    """
    base.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=base.parent) as folder:
        whole, parted = Path(folder, "whole"), Path(folder, "increment")
        write_sample(whole, round(orders * (1 + NEW)), seed=1)
        parted.mkdir()
        _part(whole, orders, base, parted)
        parted.rename(increment)  # whole or not at all


def _part(whole: Path, orders: int, base: Path, increment: Path) -> None:
    every = _read(whole / "olist_orders_dataset.csv").sort("order_purchase_timestamp", "order_id")
    old, new = every.head(orders), every.tail(-orders)
    under_way = old.tail(round(orders * UNDER_WAY))
    changed = under_way.gather_every(round(UNDER_WAY / CHANGED)).with_columns(
        col("order_estimated_delivery_date")
        .str.to_datetime("%Y-%m-%d %H:%M:%S")
        .dt.offset_by("1d")
        .dt.to_string("%Y-%m-%d %H:%M:%S")
    )
    for path in whole.glob("*.csv"):
        entity = path.stem.removeprefix("olist_").removesuffix("_dataset")
        rows = _read(path)
        if entity == "orders":
            rows, later = old, pl.concat([new, changed])
        elif entity in _OF_ORDERS or entity == "customers":
            key = "customer_id" if entity == "customers" else "order_id"
            later = rows.join(new, on=key, how="semi")
            rows = rows.join(new, on=key, how="anti", maintain_order="left")
        else:
            later = rows.clear()
        rows.write_csv(base / path.name)
        if len(later):
            later.write_csv(increment / path.name)


def _read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


if __name__ == "__main__":
    landings(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
