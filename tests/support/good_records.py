"""A good record of each entity; together they are one order, and the target of its month."""

from collections.abc import Mapping

GOOD: dict[str, Mapping[str, str]] = {
    "orders": {
        "order_id": "a" * 32,
        "customer_id": "c" * 32,
        "order_status": "delivered",
        "order_purchase_timestamp": "2017-11-24 10:00:00",
        "order_approved_at": "2017-11-24 11:00:00",
        "order_delivered_carrier_date": "2017-11-27 09:00:00",
        "order_delivered_customer_date": "2017-12-04 18:00:00",
        "order_estimated_delivery_date": "2017-12-10 00:00:00",
    },
    "order_items": {
        "order_id": "a" * 32,
        "order_item_id": "1",
        "product_id": "b" * 32,
        "seller_id": "d" * 32,
        "shipping_limit_date": "2017-11-28 10:00:00",
        "price": "99.90",
        "freight_value": "10.10",
    },
    "order_payments": {
        "order_id": "a" * 32,
        "payment_sequential": "1",
        "payment_type": "credit_card",
        "payment_installments": "2",
        "payment_value": "110.00",
    },
    "order_reviews": {
        "review_id": "e" * 32,
        "order_id": "a" * 32,
        "review_score": "5",
        "review_creation_date": "2017-12-05 00:00:00",
        "review_answer_timestamp": "2017-12-06 12:00:00",
    },
    "customers": {
        "customer_id": "c" * 32,
        "customer_unique_id": "f" * 32,
        "customer_zip_code_prefix": "01310",
        "customer_city": "sao paulo",
        "customer_state": "SP",
    },
    "products": {"product_id": "b" * 32, "product_category_name": "livros"},
    "sellers": {
        "seller_id": "d" * 32,
        "seller_zip_code_prefix": "20040",
        "seller_city": "rio de janeiro",
        "seller_state": "RJ",
    },
    "geolocation": {
        "geolocation_zip_code_prefix": "01310",
        "geolocation_lat": "-23.56",
        "geolocation_lng": "-46.65",
        "geolocation_city": "sao paulo",
        "geolocation_state": "SP",
    },
    "product_category_name_translation": {
        "product_category_name": "livros",
        "product_category_name_english": "books",
    },
    "monthly_targets": {
        "purchase_month": "2017-11",
        "gmv_target": "111.00",
        "orders_target": "2",
    },
}
