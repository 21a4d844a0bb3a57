"""What is sold and by whom: products, sellers, and the translation of product categories."""

import numpy as np
import polars as pl

from flows.sample.categories import CATEGORIES
from flows.sample.geography import STATES
from flows.sample.places import settle
from flows.sample.random import Spread, generator, happens, hashes, ids, pick, spread

_NAME_LENGTHS: Spread = ((25, 7, 41), (25, 42, 50), (25, 51, 56), (25, 57, 69))
_DESCRIPTION_LENGTHS: Spread = ((25, 27, 355), (25, 356, 608), (25, 609, 999), (25, 1000, 3990))
_PHOTOS: Spread = ((50, 1, 1), (19, 2, 2), (12, 3, 3), (14, 4, 6), (5, 7, 19))
_GRAMS: Spread = (
    (25, 50, 299),
    (25, 300, 699),
    (25, 700, 1899),
    (20, 1900, 9999),
    (5, 10_000, 30_000),
)
_LENGTHS_CM: Spread = ((25, 16, 18), (25, 19, 25), (25, 26, 39), (25, 40, 105))
_HEIGHTS_CM: Spread = ((25, 2, 7), (25, 8, 13), (25, 14, 21), (25, 22, 105))
_WIDTHS_CM: Spread = ((25, 8, 15), (25, 16, 20), (25, 21, 30), (25, 31, 105))
_PRICES: Spread = (
    (5, 4, 16),
    (20, 17, 39),
    (25, 40, 78),
    (25, 79, 139),
    (15, 140, 259),
    (5, 260, 399),
    (4, 400, 899),
    (1, 900, 4800),
)
_CENTS: Spread = ((35, 90, 90), (30, 0, 0), (20, 99, 99), (15, 1, 98))
_NOT_DESCRIBED = 6  # per mille


def catalogue(seed: int, products: int, sellers: int) -> pl.DataFrame:
    """Return one row per product: the columns of its file, `price` in cents, `seller` number."""
    rng = generator(seed, "catalogue")
    described = pl.Series(~happens(rng, products, _NOT_DESCRIBED))
    category = pick(rng, products, [category.products for category in CATEGORIES])
    texts = pl.DataFrame(
        {
            "product_category_name": pl.Series([category.name for category in CATEGORIES])[
                category
            ],
            "product_name_lenght": spread(rng, products, _NAME_LENGTHS),
            "product_description_lenght": spread(rng, products, _DESCRIPTION_LENGTHS),
            "product_photos_qty": spread(rng, products, _PHOTOS),
        }
    )
    measures = pl.DataFrame(
        {
            "product_weight_g": spread(rng, products, _GRAMS),
            "product_length_cm": spread(rng, products, _LENGTHS_CM),
            "product_height_cm": spread(rng, products, _HEIGHTS_CM),
            "product_width_cm": spread(rng, products, _WIDTHS_CM),
            "price": 100 * spread(rng, products, _PRICES) + spread(rng, products, _CENTS),
            # Sorted, so that neighbours in the catalogue mostly come from the same shop.
            "seller": np.sort(rng.integers(rng.integers(1, sellers, products, endpoint=True))),
        }
    )
    return (
        pl.DataFrame({"product_id": ids(seed, "product", np.arange(products))})
        .hstack(texts.select(pl.when(described).then(pl.all())))
        .hstack(measures)
    )


def sellers(seed: int, count: int, places: pl.DataFrame) -> pl.DataFrame:
    """Return the sellers file; a seller's number is its row."""
    numbers = np.arange(count)
    home = settle(
        places, hashes(seed, "home of seller", numbers), [state.sellers for state in STATES]
    )
    return places[home].select(
        seller_id=ids(seed, "seller", numbers),
        seller_zip_code_prefix="zip_code_prefix",
        seller_city="city",
        seller_state="state",
    )


def translation() -> pl.DataFrame:
    """Return the translation file, one row per category that has an English name."""
    return pl.DataFrame(
        {
            "product_category_name": [category.name for category in CATEGORIES],
            "product_category_name_english": [category.english for category in CATEGORIES],
        }
    ).drop_nulls()
