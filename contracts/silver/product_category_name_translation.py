"""The contract of silver.product_category_name_translation."""

import polars as pl
from polars import col

from contracts.contract import Silver, column, rule

BYTE_ORDER_MARK = "\ufeff"


class ProductCategoryNameTranslation(Silver, key=("product_category_name",)):
    """One row per product category, with its English name."""

    product_category_name: str = column()
    product_category_name_english: str = column()

    @rule
    def is_not_a_header(cls) -> pl.Expr:
        """The record is not a repeated header, as in files that were concatenated."""
        name = col("product_category_name").str.strip_chars(BYTE_ORDER_MARK)
        return name != "product_category_name"
