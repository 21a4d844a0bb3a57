"""The contract of silver.product_category_name_translation."""

from contracts.contract import Silver, column


class ProductCategoryNameTranslation(Silver, key=("product_category_name",)):
    """One row per product category, with its English name."""

    product_category_name: str = column()
    product_category_name_english: str = column()
