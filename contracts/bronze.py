"""The source tables: each column as text, in the order and spelling of the source.

Nine are those of Olist; `monthly_targets` is a small file that managers write by hand.

A file belongs to the table in its name (`olist_orders_dataset.csv`, `orders_2.csv`).
"""

from datetime import timedelta
from typing import Any

from contracts.contract import Bronze, column
from contracts.volume import Volume

DAILY = timedelta(hours=26)
"""The freshness of a source that delivers once a day, with two hours to spare."""


def raw(*, personal: bool = False) -> Any:
    """Declare a source column. A record may lack it."""
    return column(nullable=True, personal=personal)


class Orders(Bronze, fresh=DAILY, volume=Volume()):
    """One row per order record that a source delivered."""

    order_id: str = raw()
    customer_id: str = raw()
    order_status: str = raw()
    order_purchase_timestamp: str = raw()
    order_approved_at: str = raw()
    order_delivered_carrier_date: str = raw()
    order_delivered_customer_date: str = raw()
    order_estimated_delivery_date: str = raw()


class OrderItems(Bronze, fresh=DAILY, volume=Volume()):
    """One row per order item record that a source delivered."""

    order_id: str = raw()
    order_item_id: str = raw()
    product_id: str = raw()
    seller_id: str = raw()
    shipping_limit_date: str = raw()
    price: str = raw()
    freight_value: str = raw()


class OrderPayments(Bronze, fresh=DAILY, volume=Volume()):
    """One row per payment record that a source delivered."""

    order_id: str = raw()
    payment_sequential: str = raw()
    payment_type: str = raw()
    payment_installments: str = raw()
    payment_value: str = raw()


class OrderReviews(Bronze, fresh=DAILY, volume=Volume()):
    """One row per review record that a source delivered."""

    review_id: str = raw()
    order_id: str = raw()
    review_score: str = raw()
    review_comment_title: str = raw(personal=True)
    review_comment_message: str = raw(personal=True)
    review_creation_date: str = raw()
    review_answer_timestamp: str = raw()


class Customers(Bronze, fresh=DAILY, volume=Volume()):
    """One row per customer record that a source delivered."""

    customer_id: str = raw()
    customer_unique_id: str = raw()
    customer_zip_code_prefix: str = raw()
    customer_city: str = raw()
    customer_state: str = raw()


class Products(Bronze):
    """One row per product record that a source delivered. `lenght` is the source's spelling."""

    product_id: str = raw()
    product_category_name: str = raw()
    product_name_lenght: str = raw()
    product_description_lenght: str = raw()
    product_photos_qty: str = raw()
    product_weight_g: str = raw()
    product_length_cm: str = raw()
    product_height_cm: str = raw()
    product_width_cm: str = raw()


class Sellers(Bronze):
    """One row per seller record that a source delivered."""

    seller_id: str = raw()
    seller_zip_code_prefix: str = raw()
    seller_city: str = raw()
    seller_state: str = raw()


class Geolocation(Bronze):
    """One row per geolocation point that a source delivered."""

    geolocation_zip_code_prefix: str = raw()
    geolocation_lat: str = raw()
    geolocation_lng: str = raw()
    geolocation_city: str = raw()
    geolocation_state: str = raw()


class ProductCategoryNameTranslation(Bronze):
    """One row per category translation that a source delivered."""

    product_category_name: str = raw()
    product_category_name_english: str = raw()


class MonthlyTargets(Bronze):
    """One row per target record that a manager delivered."""

    purchase_month: str = raw()
    gmv_target: str = raw()
    orders_target: str = raw()
