"""silver.products."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.products import Products
from transforms.parse import integer, text
from transforms.redaction import redact


def products(raw: Annotated[LazyFrame, bronze.Products]) -> Annotated[LazyFrame, Products]:
    """Type each product record and correct the spelling of `length`."""
    return raw.select(
        text("product_id"),
        redact(text("product_category_name")),
        integer("product_name_lenght").alias("product_name_length"),
        integer("product_description_lenght").alias("product_description_length"),
        integer("product_photos_qty"),
        integer("product_weight_g"),
        integer("product_length_cm"),
        integer("product_height_cm"),
        integer("product_width_cm"),
    )
