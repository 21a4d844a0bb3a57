"""Write a synthetic marketplace as CSV files."""

import io
import math
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from flows.sample.corrupt import corrupt
from flows.sample.defects import TOO_FEW_FIELDS, TOO_MANY_FIELDS
from flows.sample.items_and_payments import lines, order_items, order_payments
from flows.sample.orders import customers, journeys, orders_file
from flows.sample.own import check_own, mark_own
from flows.sample.places import geolocation, places
from flows.sample.products import catalogue, sellers, translation
from flows.sample.random import generator
from flows.sample.reviews import order_reviews

_ORDERS_PER_CHUNK = 100_000
_MOST_PRODUCTS = 330_000
_MOST_SELLERS = 31_000
_TRANSLATION = "product_category_name_translation"
_BROKEN = "_broken_rows.jsonl"


def write_sample(
    out: Path, orders: int, seed: int, dirty: float = 0.0, *, force: bool = False
) -> None:
    """Write the nine files of a made-up marketplace with this many orders to the folder `out`.

    Headers, formats and proportions are those of the Olist data; all rows are invented. The same
    `orders`, `seed` and `dirty` give the same bytes everywhere. Files of an earlier sample are
    overwritten; where there are other files nothing is written, but with `force`, which overwrites
    those of the same names. Memory does not grow with `orders`.

    `dirty` is the share of the rows of every file but the translation that get one defect each.
    The other rows are those of the clean sample. `_broken_rows.jsonl` then tells for each broken
    row its `file`, `record` (from 1, without the header), `entity`, `column` (as the file spells
    it), the `rule` it breaks and the bad `value` (null: empty). Where the record has a field too
    few or too many, `column` and `value` are null.

    Raises:
        ValueError: `orders` is negative, or `dirty` is not a share.
        ForeignFilesError: the folder holds files that no sample wrote.

    """
    if orders < 0:
        message = f"orders is {orders}; it must be 0 or more."
        raise ValueError(message)
    if not 0 <= dirty <= 1:
        message = f"dirty is {dirty}; it is a share of the rows, from 0 to 1."
        raise ValueError(message)

    if not force:
        check_own(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / _BROKEN).unlink(missing_ok=True)
    written: dict[str, int] = {}
    for entity, records in _pieces(seed, orders):
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
    mark_own(out, (name for name in names if (out / name).exists()))


def _pieces(seed: int, orders: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield (entity, records): first what orders refer to, then orders, chunk by chunk."""
    where = places(seed, orders)
    shops = sellers(seed, min(_MOST_SELLERS, math.ceil(orders / 32)), where)
    goods = catalogue(seed, min(_MOST_PRODUCTS, math.ceil(orders / 3)), shops.height)
    yield _TRANSLATION, translation()
    yield "geolocation", geolocation(seed, where if orders else where.clear())
    yield "sellers", shops
    yield "products", goods.drop("price", "seller")
    for chunk, first in enumerate(range(0, max(orders, 1), _ORDERS_PER_CHUNK)):
        trips = journeys(seed, chunk, first, min(_ORDERS_PER_CHUNK, orders - first))
        sold = lines(seed, chunk, trips, goods)
        yield "orders", orders_file(trips)
        yield "customers", customers(seed, trips, where)
        yield "order_items", order_items(sold, trips, goods, shops)
        yield "order_payments", order_payments(seed, chunk, trips, sold)
        yield "order_reviews", order_reviews(seed, chunk, first, trips)


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
