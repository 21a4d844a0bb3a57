"""What orders hold and how they are paid: order items and payments."""

import numpy as np
import polars as pl

from flows.sample.explode import parts
from flows.sample.orders import SHIPPED
from flows.sample.random import Flags, Ints, Spread, generator, happens, pick, spread

_ITEMS = (885, 80, 18, 9, 4, 3, 1)
# What a further item of an order is: the first one again, one like it from the shop, any other.
_KINSHIP = (76, 17, 7)
_SAME, _NEIGHBOUR, _STRANGER = range(len(_KINSHIP))
_FREIGHT: Spread = (
    (10, 550, 880),
    (15, 880, 1300),
    (25, 1300, 1600),
    (25, 1600, 2100),
    (20, 2100, 4000),
    (5, 4000, 15000),
)
_DAY = 86_400
_UNTIL_SHIPPING_LIMIT: Spread = (
    (25, 2 * _DAY, 5 * _DAY),
    (50, 5 * _DAY, 7 * _DAY),
    (25, 7 * _DAY, 15 * _DAY),
)
_PAYMENTS = (970, 21, 4, 2, 1, 1, 1)
_TYPES = ("credit_card", "boleto", "voucher", "debit_card", "not_defined")
_CREDIT_CARD, _BOLETO, _VOUCHER, _DEBIT_CARD, _NOT_DEFINED = range(len(_TYPES))
_SHARES = (768, 197, 20, 15, 0)
_INSTALLMENTS = (320, 160, 140, 93, 73, 51, 21, 58, 8, 71, 1, 3, 0, 0, 1)
_PAID_WITHOUT_ITEMS: Spread = ((25, 2000, 6000), (50, 6000, 17000), (25, 17000, 60000))


def lines(seed: int, chunk: int, journeys: pl.DataFrame, catalogue: pl.DataFrame) -> pl.DataFrame:
    """Return one row per order item: rows of its order and product, its seller's number, cents."""
    rng = generator(seed, "items", chunk)
    count = np.where(_came_to_nothing(rng, journeys), 0, 1 + pick(rng, journeys.height, _ITEMS))
    order, position = parts(count)
    size = len(order)
    row = np.arange(size)
    kinship = pick(rng, size, _KINSHIP)
    like = np.where(kinship == _STRANGER, row, row - position)
    product = rng.integers(rng.integers(1, catalogue.height, size, endpoint=True))[like]
    product = (product + np.where(kinship == _NEIGHBOUR, position, 0)) % catalogue.height
    sold = catalogue[product]
    percent = np.where(happens(rng, size, 100), rng.integers(80, 120, size), 100)[like]
    freight = spread(rng, size, _FREIGHT)[like] + sold["product_weight_g"].to_numpy() // 20
    approved = journeys["approved"].to_numpy()[order]
    return pl.DataFrame(
        {
            "order": order,
            "order_item_id": 1 + position,
            "product": product,
            "seller": sold["seller"],
            "shipping_limit": approved + spread(rng, size, _UNTIL_SHIPPING_LIMIT),
            "price": sold["price"].to_numpy() * percent // 100,
            "freight": np.where(happens(rng, size, 4), 0, freight),
        }
    )


def order_items(
    lines: pl.DataFrame, journeys: pl.DataFrame, catalogue: pl.DataFrame, sellers: pl.DataFrame
) -> pl.DataFrame:
    """Return the order items file."""
    return lines.select(
        order_id=journeys["order_id"][lines["order"]],
        order_item_id="order_item_id",
        product_id=catalogue["product_id"][lines["product"]],
        seller_id=sellers["seller_id"][lines["seller"]],
        shipping_limit_date=pl.from_epoch("shipping_limit"),
        price=_reais(lines["price"].to_numpy()),
        freight_value=_reais(lines["freight"].to_numpy()),
    )


def order_payments(
    seed: int, chunk: int, journeys: pl.DataFrame, lines: pl.DataFrame
) -> pl.DataFrame:
    """Return the payments file: the payments of an order add up to its items, to the cent."""
    rng = generator(seed, "payments", chunk)
    size = journeys.height
    due = _per_order(
        lines["order"].to_numpy(), (lines["price"] + lines["freight"]).to_numpy(), size
    )
    undefined = (due == 0) & happens(rng, size, 5)
    due = np.where((due == 0) & ~undefined, spread(rng, size, _PAID_WITHOUT_ITEMS), due)
    count = np.where(undefined, 1, 1 + pick(rng, size, _PAYMENTS))
    kind = np.where(undefined, _NOT_DEFINED, pick(rng, size, _SHARES))
    combined = (count > 1) & (kind != _VOUCHER)
    kind = np.where(combined, _CREDIT_CARD, kind)

    order, position = parts(count)
    # Each voucher is at most its share of half of what is due; the first payment is the rest.
    voucher = rng.integers(1, np.maximum(due // (2 * count), 1)[order], endpoint=True)
    voucher[position == 0] = 0
    rest = due - _per_order(order, voucher, size)
    method = np.where(position == 0, kind[order], _VOUCHER)
    installments = 1 + pick(rng, len(order), _INSTALLMENTS)
    return pl.DataFrame(
        {
            "order_id": journeys["order_id"][order],
            "payment_sequential": 1 + position,
            "payment_type": pl.Series(_TYPES)[method],
            "payment_installments": np.where(method == _CREDIT_CARD, installments, 1),
            "payment_value": _reais(np.where(position == 0, rest[order], voucher)),
        }
    )


def _came_to_nothing(rng: np.random.Generator, journeys: pl.DataFrame) -> Flags:
    status = pl.col("status")
    per_mille = (
        pl.when(status == "created")
        .then(1000)
        .when(status == "unavailable")
        .then(990)
        .when(status == "canceled", pl.col("stage") < SHIPPED)
        .then(300)
        .otherwise(0)
    )
    return happens(rng, journeys.height, journeys.select(per_mille).to_series().to_numpy())


def _per_order(order: Ints, cents: Ints, size: int) -> Ints:
    return np.bincount(order, weights=cents, minlength=size).astype(np.int64)


def _reais(cents: Ints) -> pl.Series:
    # NumPy divides exactly; Polars multiplies by 0.01, and makes 0.35000000000000003 of 35.
    return pl.Series(cents / 100)
