"""Order items and payments."""

import numpy as np
import polars as pl

from flows.sample.explode import explode
from flows.sample.orders import SHIPPED
from flows.sample.random import (
    Bins,
    Flags,
    Ints,
    from_bins,
    generator,
    random_flags,
    weighted_indices,
)

_ITEMS = (885, 80, 18, 9, 4, 3, 1)
# A further item of an order: the same product, another one of the same seller, or any product.
_FURTHER_ITEMS = (76, 17, 7)
_SAME_PRODUCT, _SAME_SELLER, _ANY_PRODUCT = range(len(_FURTHER_ITEMS))
_FREIGHT: Bins = (
    (10, 550, 880),
    (15, 880, 1300),
    (25, 1300, 1600),
    (25, 1600, 2100),
    (20, 2100, 4000),
    (5, 4000, 15000),
)
_DAY = 86_400
_UNTIL_SHIPPING_LIMIT: Bins = (
    (25, 2 * _DAY, 5 * _DAY),
    (50, 5 * _DAY, 7 * _DAY),
    (25, 7 * _DAY, 15 * _DAY),
)
_PAYMENTS = (970, 21, 4, 2, 1, 1, 1)
_TYPES = ("credit_card", "boleto", "voucher", "debit_card", "not_defined")
_CREDIT_CARD, _BOLETO, _VOUCHER, _DEBIT_CARD, _NOT_DEFINED = range(len(_TYPES))
_SHARES = (768, 197, 20, 15, 0)
_INSTALLMENTS = (320, 160, 140, 93, 73, 51, 21, 58, 8, 71, 1, 3, 0, 0, 1)
_PAYMENTS_WITHOUT_ITEMS: Bins = ((25, 2000, 6000), (50, 6000, 17000), (25, 17000, 60000))


def order_lines(
    seed: int, chunk: int, timelines: pl.DataFrame, products: pl.DataFrame
) -> pl.DataFrame:
    """Return one row per order item: row numbers of order, product and seller; amounts in cents."""
    rng = generator(seed, "items", chunk)
    count = np.where(
        _has_no_items(rng, timelines), 0, 1 + weighted_indices(rng, timelines.height, _ITEMS)
    )
    order, position = explode(count)
    size = len(order)
    row = np.arange(size)
    kind = weighted_indices(rng, size, _FURTHER_ITEMS)
    template = np.where(kind == _ANY_PRODUCT, row, row - position)
    product = rng.integers(rng.integers(1, products.height, size, endpoint=True))[template]
    product = (product + np.where(kind == _SAME_SELLER, position, 0)) % products.height
    item = products[product]
    percent = np.where(random_flags(rng, size, 100), rng.integers(80, 120, size), 100)[template]
    freight = from_bins(rng, size, _FREIGHT)[template] + item["product_weight_g"].to_numpy() // 20
    approved = timelines["approved"].to_numpy()[order]
    return pl.DataFrame(
        {
            "order": order,
            "order_item_id": 1 + position,
            "product": product,
            "seller": item["seller"],
            "shipping_limit": approved + from_bins(rng, size, _UNTIL_SHIPPING_LIMIT),
            "price": item["price"].to_numpy() * percent // 100,
            "freight": np.where(random_flags(rng, size, 4), 0, freight),
        }
    )


def order_items(
    lines: pl.DataFrame, timelines: pl.DataFrame, products: pl.DataFrame, sellers: pl.DataFrame
) -> pl.DataFrame:
    """Return the order items file."""
    return lines.select(
        order_id=timelines["order_id"][lines["order"]],
        order_item_id="order_item_id",
        product_id=products["product_id"][lines["product"]],
        seller_id=sellers["seller_id"][lines["seller"]],
        shipping_limit_date=pl.from_epoch("shipping_limit"),
        price=_reais(lines["price"].to_numpy()),
        freight_value=_reais(lines["freight"].to_numpy()),
    )


def order_payments(
    seed: int, chunk: int, timelines: pl.DataFrame, lines: pl.DataFrame
) -> pl.DataFrame:
    """Return the payments file; the payments of an order add up to its items exactly."""
    rng = generator(seed, "payments", chunk)
    size = timelines.height
    due = _per_order(
        lines["order"].to_numpy(), (lines["price"] + lines["freight"]).to_numpy(), size
    )
    undefined = (due == 0) & random_flags(rng, size, 5)
    due = np.where((due == 0) & ~undefined, from_bins(rng, size, _PAYMENTS_WITHOUT_ITEMS), due)
    count = np.where(undefined, 1, 1 + weighted_indices(rng, size, _PAYMENTS))
    kind = np.where(undefined, _NOT_DEFINED, weighted_indices(rng, size, _SHARES))
    combined = (count > 1) & (kind != _VOUCHER)
    kind = np.where(combined, _CREDIT_CARD, kind)

    order, position = explode(count)
    # Vouchers add up to at most half of the amount due; the first payment is the rest.
    voucher = rng.integers(1, np.maximum(due // (2 * count), 1)[order], endpoint=True)
    voucher[position == 0] = 0
    rest = due - _per_order(order, voucher, size)
    method = np.where(position == 0, kind[order], _VOUCHER)
    installments = 1 + weighted_indices(rng, len(order), _INSTALLMENTS)
    return pl.DataFrame(
        {
            "order_id": timelines["order_id"][order],
            "payment_sequential": 1 + position,
            "payment_type": pl.Series(_TYPES)[method],
            "payment_installments": np.where(method == _CREDIT_CARD, installments, 1),
            "payment_value": _reais(np.where(position == 0, rest[order], voucher)),
        }
    )


def _has_no_items(rng: np.random.Generator, timelines: pl.DataFrame) -> Flags:
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
    return random_flags(rng, timelines.height, timelines.select(per_mille).to_series().to_numpy())


def _per_order(order: Ints, cents: Ints, size: int) -> Ints:
    return np.bincount(order, weights=cents, minlength=size).astype(np.int64)


def _reais(cents: Ints) -> pl.Series:
    # NumPy divides exactly. Polars multiplies by 0.01, and turns 35 into 0.35000000000000003.
    return pl.Series(cents / 100)
