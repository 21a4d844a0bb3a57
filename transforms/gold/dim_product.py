"""gold.dim_product."""

from typing import Annotated

from polars import LazyFrame, col

from contracts.gold.dim_product import DimProduct
from contracts.silver.order_items import OrderItems
from contracts.silver.product_category_name_translation import ProductCategoryNameTranslation
from contracts.silver.products import Products
from transforms.gold.dimensions import with_inferred_members


def dim_product(
    products: Annotated[LazyFrame, Products],
    translation: Annotated[LazyFrame, ProductCategoryNameTranslation],
    order_items: Annotated[LazyFrame, OrderItems],
) -> Annotated[LazyFrame, DimProduct]:
    """Translate each product's category, and add inferred members for products without a record."""
    english, portuguese = col("product_category_name_english"), col("product_category_name")
    return (
        products.pipe(with_inferred_members, order_items, "product_id")
        .join(translation, on="product_category_name", how="left")
        .with_columns(english.fill_null(portuguese))
    )
