"""The contract of silver.products."""

from contracts.contract import Silver, column
from contracts.domain import HEX_ID
from contracts.silver.product_category_name_translation import ProductCategoryNameTranslation


class Products(
    Silver,
    key=("product_id",),
    history=(
        *("product_category_name", "product_weight_g"),
        *("product_length_cm", "product_height_cm", "product_width_cm"),
    ),
):
    """One row per product, with its category in Portuguese."""

    product_id: str = column(str_matches=HEX_ID)
    product_category_name: str = column(nullable=True, looked_up_in=ProductCategoryNameTranslation)
    product_name_length: int = column(source="product_name_lenght", ge=0, nullable=True)
    product_description_length: int = column(
        source="product_description_lenght", ge=0, nullable=True
    )
    product_photos_qty: int = column(ge=0, nullable=True)
    product_weight_g: int = column(ge=0, nullable=True)
    product_length_cm: int = column(ge=0, nullable=True)
    product_height_cm: int = column(ge=0, nullable=True)
    product_width_cm: int = column(ge=0, nullable=True)
