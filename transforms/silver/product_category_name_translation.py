"""silver.product_category_name_translation."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.product_category_name_translation import ProductCategoryNameTranslation
from transforms.parse import text
from transforms.redaction import redact


def product_category_name_translation(
    raw: Annotated[LazyFrame, bronze.ProductCategoryNameTranslation],
) -> Annotated[LazyFrame, ProductCategoryNameTranslation]:
    """Type each translation record."""
    return raw.select(
        redact(text("product_category_name")), redact(text("product_category_name_english"))
    )
