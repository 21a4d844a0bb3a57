"""The nine sources as they come: each column in the source's order and spelling, as text.

A file belongs to the table whose name it carries (`olist_orders_dataset.csv`, `orders_2.csv`).
"""

from contracts.contract import Bronze, column


class Orders(Bronze):
    """One row per order record that a source delivered."""

    order_id: str = column(nullable=True)
    customer_id: str = column(nullable=True)
    order_status: str = column(nullable=True)
    order_purchase_timestamp: str = column(nullable=True)
    order_approved_at: str = column(nullable=True)
    order_delivered_carrier_date: str = column(nullable=True)
    order_delivered_customer_date: str = column(nullable=True)
    order_estimated_delivery_date: str = column(nullable=True)


class OrderItems(Bronze):
    """One row per order item record that a source delivered."""

    order_id: str = column(nullable=True)
    order_item_id: str = column(nullable=True)
    product_id: str = column(nullable=True)
    seller_id: str = column(nullable=True)
    shipping_limit_date: str = column(nullable=True)
    price: str = column(nullable=True)
    freight_value: str = column(nullable=True)


class OrderPayments(Bronze):
    """One row per payment record that a source delivered."""

    order_id: str = column(nullable=True)
    payment_sequential: str = column(nullable=True)
    payment_type: str = column(nullable=True)
    payment_installments: str = column(nullable=True)
    payment_value: str = column(nullable=True)


class OrderReviews(Bronze):
    """One row per review record that a source delivered."""

    review_id: str = column(nullable=True)
    order_id: str = column(nullable=True)
    review_score: str = column(nullable=True)
    review_comment_title: str = column(nullable=True, personal=True)
    review_comment_message: str = column(nullable=True, personal=True)
    review_creation_date: str = column(nullable=True)
    review_answer_timestamp: str = column(nullable=True)


class Customers(Bronze):
    """One row per customer record that a source delivered."""

    customer_id: str = column(nullable=True)
    customer_unique_id: str = column(nullable=True)
    customer_zip_code_prefix: str = column(nullable=True)
    customer_city: str = column(nullable=True)
    customer_state: str = column(nullable=True)


class Products(Bronze):
    """One row per product record that a source delivered; `lenght` is the source's spelling."""

    product_id: str = column(nullable=True)
    product_category_name: str = column(nullable=True)
    product_name_lenght: str = column(nullable=True)
    product_description_lenght: str = column(nullable=True)
    product_photos_qty: str = column(nullable=True)
    product_weight_g: str = column(nullable=True)
    product_length_cm: str = column(nullable=True)
    product_height_cm: str = column(nullable=True)
    product_width_cm: str = column(nullable=True)


class Sellers(Bronze):
    """One row per seller record that a source delivered."""

    seller_id: str = column(nullable=True)
    seller_zip_code_prefix: str = column(nullable=True)
    seller_city: str = column(nullable=True)
    seller_state: str = column(nullable=True)


class Geolocation(Bronze):
    """One row per geolocation point that a source delivered."""

    geolocation_zip_code_prefix: str = column(nullable=True)
    geolocation_lat: str = column(nullable=True)
    geolocation_lng: str = column(nullable=True)
    geolocation_city: str = column(nullable=True)
    geolocation_state: str = column(nullable=True)


class ProductCategoryNameTranslation(Bronze):
    """One row per category translation that a source delivered."""

    product_category_name: str = column(nullable=True)
    product_category_name_english: str = column(nullable=True)
