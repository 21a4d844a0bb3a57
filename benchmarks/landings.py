"""Create two landing zones: `python -m benchmarks.landings ORDERS NEW BASE INCREMENT`.

The second adds NEW orders to the first, and changes a tenth as many of those.
"""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from polars import col

from flows.sample import write_sample

CHANGED = 0.1
"""Changed orders of the increment, per new one."""

UNDER_WAY = 0.1
"""The share of the orders, the latest ones, from which the changed orders are taken."""

DAY = 24 * 60 * 60

_ENTITIES_OF_ORDERS = {"orders", "order_items", "order_payments", "order_reviews"}


def landings(orders: int, new: int, base: Path, increment: Path) -> None:
    """Create the folders of the first delivery and of the increment.

    The increment holds the latest orders of a sample, with their customers, items, payments and
    reviews. New orders therefore refer to known products, as in a shop. The changed orders are from
    the latest tenth of the earlier orders, which are still under way; their estimated delivery is
    a day later. The files of the first delivery are a day older, because the later file wins.
    """
    base.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=base.parent) as folder:
        sample, parted = Path(folder, "sample"), Path(folder, "increment")
        write_sample(sample, orders + new, seed=1)
        parted.mkdir()
        _split(sample, orders, base, parted)
        parted.rename(increment)  # an interrupted run leaves no incomplete increment


def _split(sample: Path, orders: int, base: Path, increment: Path) -> None:
    all_orders = _read(sample / "olist_orders_dataset.csv").sort(
        "order_purchase_timestamp", "order_id"
    )
    old, new = all_orders.head(orders), all_orders.tail(-orders)
    under_way = old.tail(round(orders * UNDER_WAY))
    every = len(under_way) // round(len(new) * CHANGED)
    changed = under_way.gather_every(every).with_columns(
        col("order_estimated_delivery_date")
        .str.to_datetime("%Y-%m-%d %H:%M:%S")
        .dt.offset_by("1d")
        .dt.to_string("%Y-%m-%d %H:%M:%S")
    )
    for path in sample.glob("*.csv"):
        entity = path.stem.removeprefix("olist_").removesuffix("_dataset")
        rows = _read(path)
        if entity == "orders":
            rows, later = old, pl.concat([new, changed])
        elif entity in _ENTITIES_OF_ORDERS or entity == "customers":
            key = "customer_id" if entity == "customers" else "order_id"
            later = rows.join(new, on=key, how="semi")
            rows = rows.join(new, on=key, how="anti", maintain_order="left")
        else:
            later = rows.clear()
        rows.write_csv(base / path.name)
        os.utime(base / path.name, (time.time() - DAY,) * 2)
        if len(later):
            later.write_csv(increment / path.name)


def _read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


if __name__ == "__main__":
    landings(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
