"""The contract of gold.dim_product."""

from contracts.contract import Gold, column
from contracts.domain import HEX_ID


class DimProduct(Gold, key=("product_id",), incremental_key=("product_id",)):
    """One row per product, with its category in Portuguese and in English."""

    product_id: str = column(str_matches=HEX_ID)
    product_category_name: str = column(
        nullable=True, description="Product category in Portuguese."
    )
    product_category_name_english: str = column(
        nullable=True,
        description="Product category in English, or in Portuguese if it has no translation.",
    )
    product_name_length: int = column(nullable=True)
    product_description_length: int = column(nullable=True)
    product_photos_qty: int = column(nullable=True)
    product_weight_g: int = column(nullable=True)
    product_length_cm: int = column(nullable=True)
    product_height_cm: int = column(nullable=True)
    product_width_cm: int = column(nullable=True)
    inferred: bool = column()
