"""The CSV files of a synthetic marketplace."""

import io
import math
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from flows.sample.corrupt import corrupt
from flows.sample.defects import TOO_FEW_FIELDS, TOO_MANY_FIELDS
from flows.sample.items_and_payments import order_items, order_lines, order_payments
from flows.sample.orders import customers, order_timelines, orders_file
from flows.sample.products import products, sellers, translation
from flows.sample.random import generator
from flows.sample.reviews import order_reviews
from flows.sample.written_files import check_no_foreign_files, record_files
from flows.sample.zip_codes import geolocation, zip_codes

_ORDERS_PER_CHUNK = 100_000
_MOST_PRODUCTS = 330_000
_MOST_SELLERS = 31_000
_TRANSLATION = "product_category_name_translation"
_BROKEN = "_broken_rows.jsonl"


def write_sample(
    out: Path, orders: int, seed: int, dirty: float = 0.0, *, force: bool = False
) -> None:
    """Write the nine files of a synthetic marketplace to a folder.

    Headers, formats and proportions are those of the Olist data; all rows are invented. The same
    `orders`, `seed` and `dirty` give the same bytes on every machine. Memory does not grow with
    `orders`.

    With `dirty`, `_broken_rows.jsonl` has a line for each broken row: its `file`, `record` (from 1,
    without the header), `entity`, `column` (as the file spells it), the `rule` that it breaks, and
    the bad `value` (null if empty). For a record with a field too few or too many, `column` and
    `value` are null. All other rows are the same as without `dirty`.

    Args:
        out: the folder to write to.
        orders: the number of orders.
        seed: the random seed.
        dirty: the share of rows with one defect, in every file except the translation.
        force: overwrite files of the same names that no sample wrote. Files of an earlier sample
            are always overwritten.

    Raises:
        ValueError: `orders` is negative, or `dirty` is not between 0 and 1.
        ForeignFilesError: the folder holds files that no sample wrote, and `force` is not set.
    """
    if orders < 0:
        message = f"orders is {orders}; it must be at least 0"
        raise ValueError(message)
    if not 0 <= dirty <= 1:
        message = f"dirty is {dirty}; it must be a share of the rows, from 0 to 1"
        raise ValueError(message)

    if not force:
        check_no_foreign_files(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / _BROKEN).unlink(missing_ok=True)
    written: dict[str, int] = {}
    for entity, records in _entity_chunks(seed, orders):
        path = out / _file_name(entity)
        before = written.get(entity, 0)
        text = records
        if dirty > 0 and entity != _TRANSLATION:
            rng = generator(seed, f"defects of {entity}", before)
            text, broken = corrupt(rng, entity, records, before, dirty)
            with (out / _BROKEN).open("ab") as file:
                broken.select(pl.lit(path.name).alias("file"), pl.all()).write_ndjson(file)
        with path.open("ab" if entity in written else "wb") as file:
            file.write(_csv(text, header=entity not in written, mark=entity == _TRANSLATION))
        written[entity] = before + records.height
    names = {*map(_file_name, written), _BROKEN}
    record_files(out, (name for name in names if (out / name).exists()))


def _entity_chunks(seed: int, orders: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield (entity, records): first the entities that orders refer to, then chunks of orders."""
    all_zip_codes = zip_codes(seed, orders)
    all_sellers = sellers(seed, min(_MOST_SELLERS, math.ceil(orders / 32)), all_zip_codes)
    all_products = products(seed, min(_MOST_PRODUCTS, math.ceil(orders / 3)), all_sellers.height)
    yield _TRANSLATION, translation()
    yield "geolocation", geolocation(seed, all_zip_codes if orders else all_zip_codes.clear())
    yield "sellers", all_sellers
    yield "products", all_products.drop("price", "seller")
    for chunk, first in enumerate(range(0, max(orders, 1), _ORDERS_PER_CHUNK)):
        timelines = order_timelines(seed, chunk, first, min(_ORDERS_PER_CHUNK, orders - first))
        lines = order_lines(seed, chunk, timelines, all_products)
        yield "orders", orders_file(timelines)
        yield "customers", customers(seed, timelines, all_zip_codes)
        yield "order_items", order_items(lines, timelines, all_products, all_sellers)
        yield "order_payments", order_payments(seed, chunk, timelines, lines)
        yield "order_reviews", order_reviews(seed, chunk, first, timelines)


def _file_name(entity: str) -> str:
    return f"{entity}.csv" if entity == _TRANSLATION else f"olist_{entity}_dataset.csv"


def _csv(records: pl.DataFrame, *, header: bool, mark: bool) -> bytes:
    buffer = io.BytesIO()
    records.write_csv(
        buffer,
        include_header=header,
        include_bom=mark,
        datetime_format="%Y-%m-%d %H:%M:%S",
    )
    few, many = TOO_FEW_FIELDS.encode(), TOO_MANY_FIELDS.encode()
    return buffer.getvalue().replace(b"," + few, b"").replace(many, b",surplus")
