"""Products, sellers, and the translation of product categories."""

import numpy as np
import polars as pl

from flows.sample.categories import CATEGORIES
from flows.sample.geography import STATES
from flows.sample.random import (
    Bins,
    from_bins,
    generator,
    hashes,
    ids,
    random_flags,
    weighted_indices,
)
from flows.sample.zip_codes import rows_by_share

_NAME_LENGTHS: Bins = ((25, 7, 41), (25, 42, 50), (25, 51, 56), (25, 57, 69))
_DESCRIPTION_LENGTHS: Bins = ((25, 27, 355), (25, 356, 608), (25, 609, 999), (25, 1000, 3990))
_PHOTOS: Bins = ((50, 1, 1), (19, 2, 2), (12, 3, 3), (14, 4, 6), (5, 7, 19))
_GRAMS: Bins = (
    (25, 50, 299),
    (25, 300, 699),
    (25, 700, 1899),
    (20, 1900, 9999),
    (5, 10_000, 30_000),
)
_LENGTHS_CM: Bins = ((25, 16, 18), (25, 19, 25), (25, 26, 39), (25, 40, 105))
_HEIGHTS_CM: Bins = ((25, 2, 7), (25, 8, 13), (25, 14, 21), (25, 22, 105))
_WIDTHS_CM: Bins = ((25, 8, 15), (25, 16, 20), (25, 21, 30), (25, 31, 105))
_PRICES: Bins = (
    (5, 4, 16),
    (20, 17, 39),
    (25, 40, 78),
    (25, 79, 139),
    (15, 140, 259),
    (5, 260, 399),
    (4, 400, 899),
    (1, 900, 4800),
)
_CENTS: Bins = ((35, 90, 90), (30, 0, 0), (20, 99, 99), (15, 1, 98))
_WITHOUT_DESCRIPTION = 6  # per mille


def products(seed: int, count: int, sellers: int) -> pl.DataFrame:
    """Return the products file, with the columns `price` (in cents) and `seller` (a row number)."""
    rng = generator(seed, "catalogue")
    described = pl.Series(~random_flags(rng, count, _WITHOUT_DESCRIPTION))
    category = weighted_indices(rng, count, [category.products for category in CATEGORIES])
    texts = pl.DataFrame(
        {
            "product_category_name": pl.Series([category.name for category in CATEGORIES])[
                category
            ],
            "product_name_lenght": from_bins(rng, count, _NAME_LENGTHS),
            "product_description_lenght": from_bins(rng, count, _DESCRIPTION_LENGTHS),
            "product_photos_qty": from_bins(rng, count, _PHOTOS),
        }
    )
    measures = pl.DataFrame(
        {
            "product_weight_g": from_bins(rng, count, _GRAMS),
            "product_length_cm": from_bins(rng, count, _LENGTHS_CM),
            "product_height_cm": from_bins(rng, count, _HEIGHTS_CM),
            "product_width_cm": from_bins(rng, count, _WIDTHS_CM),
            "price": 100 * from_bins(rng, count, _PRICES) + from_bins(rng, count, _CENTS),
            # Sorted, so that a product and the next one mostly have the same seller.
            "seller": np.sort(rng.integers(rng.integers(1, sellers, count, endpoint=True))),
        }
    )
    return (
        pl.DataFrame({"product_id": ids(seed, "product", np.arange(count))})
        .hstack(texts.select(pl.when(described).then(pl.all())))
        .hstack(measures)
    )


def sellers(seed: int, count: int, zip_codes: pl.DataFrame) -> pl.DataFrame:
    """Return the sellers file."""
    numbers = np.arange(count)
    home = rows_by_share(
        zip_codes, hashes(seed, "home of seller", numbers), [state.sellers for state in STATES]
    )
    return zip_codes[home].select(
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
