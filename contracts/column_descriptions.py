"""Descriptions of the columns that have the same meaning in every table that has them."""

COLUMN_DESCRIPTIONS = {
    # Keys
    "order_id": "Order identifier.",
    "order_item_id": "Number of the item within its order, from 1. One item is one piece.",
    "customer_id": "Customer identifier, different for each order. Count people by "
    "`customer_unique_id`.",
    "customer_unique_id": "Person identifier, the same in all orders of a person.",
    "product_id": "Product identifier.",
    "seller_id": "Seller identifier.",
    "review_id": "Review identifier. One review may cover several orders.",
    "payment_sequential": "Number of the payment within its order, from 1.",
    # Orders
    "order_status": "Status of the order, from `created` to `delivered`, or `canceled` or "
    "`unavailable`.",
    "order_purchase_timestamp": "Time of the purchase.",
    "order_approved_at": "Time of the payment approval.",
    "order_delivered_carrier_date": "Time of the handover to the carrier.",
    "order_delivered_customer_date": "Time of the delivery to the customer.",
    "order_estimated_delivery_date": "Delivery date promised to the customer, as midnight of that "
    "day.",
    "purchase_month": "Month of the purchase as yyyy-mm.",
    "shipping_limit_date": "Deadline for the seller to hand the item to the carrier.",
    # Payments
    "payment_type": "Payment method. A boleto is a slip that is paid at a bank.",
    "payment_installments": "Number of monthly instalments. 1 is a single payment; the source has "
    "a few zeros.",
    # Reviews
    "review_score": "Review score in stars, from 1 (worst) to 5 (best).",
    "review_comment_title": "Review title in the customer's words, with contact data redacted.",
    "review_comment_message": "Review text in the customer's words, with contact data redacted.",
    "review_creation_date": "Day of the review request, as midnight of that day.",
    "reviews": "Number of reviews of the order.",
    "stars": "Sum of the scores of the order's reviews.",
    "review_answer_timestamp": "Time of the customer's answer.",
    # Addresses
    "customer_zip_code_prefix": "First five digits of the customer's postal code (CEP).",
    "customer_city": "City of the customer, in lower case, as the customer spells it.",
    "customer_state": "State of the customer, as its two-letter code (UF).",
    "seller_zip_code_prefix": "First five digits of the seller's postal code (CEP).",
    "seller_city": "City of the seller, in lower case, as the seller spells it.",
    "seller_state": "State of the seller, as its two-letter code (UF).",
    "zip_code_prefix": "First five digits of the postal code (CEP).",
    "city": "City, in lower case, as the source spells it.",
    "state": "State, as its two-letter code (UF).",
    # Products
    "product_category_name": "Product category in Portuguese.",
    "product_category_name_english": "Product category in English.",
    "product_name_length": "Length of the product name in characters.",
    "product_description_length": "Length of the product description in characters.",
    "product_photos_qty": "Number of product photos.",
    "product_weight_g": "Weight of the product in grams.",
    "product_length_cm": "Length of the product in centimetres.",
    "product_height_cm": "Height of the product in centimetres.",
    "product_width_cm": "Width of the product in centimetres.",
    # Calendar
    "date": "Calendar day.",
    "year": "Calendar year.",
    "quarter": "Quarter of the year, from 1 to 4.",
    "month": "Month of the year, from 1 to 12.",
    "day": "Day of the month, from 1 to 31.",
    # Dimensions
    "inferred": "Whether the row is an inferred member: a placeholder for a key that only facts "
    "mention so far.",
}
