-- Build the star schema from silver: four dimensions and four facts.

CREATE MACRO day_key(moment) AS
    (year(moment) * 10000 + month(moment) * 100 + day(moment))::BIGINT;
CREATE MACRO days_between(first, last) AS date_diff('day', first::DATE, last::DATE);

CREATE TABLE dim_customer AS
SELECT customers.*, latitude, longitude, false AS inferred
FROM customers
LEFT JOIN geolocation ON customer_zip_code_prefix = zip_code_prefix
UNION ALL BY NAME
SELECT DISTINCT customer_id, true AS inferred
FROM orders ANTI JOIN customers USING (customer_id);

CREATE TABLE dim_product AS
SELECT
    products.*,
    coalesce(product_category_name_english, product_category_name)
        AS product_category_name_english,
    false AS inferred
FROM products
LEFT JOIN product_category_name_translation USING (product_category_name)
UNION ALL BY NAME
SELECT DISTINCT product_id, true AS inferred
FROM order_items ANTI JOIN products USING (product_id);

CREATE TABLE dim_seller AS
SELECT sellers.*, latitude, longitude, false AS inferred
FROM sellers
LEFT JOIN geolocation ON seller_zip_code_prefix = zip_code_prefix
UNION ALL BY NAME
SELECT DISTINCT seller_id, true AS inferred
FROM order_items ANTI JOIN sellers USING (seller_id);

CREATE TABLE dim_date AS
WITH years AS (
    SELECT min(moment) AS first, max(moment) AS last FROM (
        SELECT order_purchase_timestamp AS moment FROM orders
        UNION ALL
        SELECT review_creation_date FROM order_reviews))
SELECT
    day_key(date) AS date_key,
    date::DATE AS date,
    year(date) AS year,
    quarter(date) AS quarter,
    month(date) AS month,
    monthname(date) AS month_name,
    day(date) AS day,
    isodow(date) AS weekday,
    dayname(date) AS weekday_name,
    isodow(date) > 5 AS is_weekend
FROM years, generate_series(
    date_trunc('year', first), date_trunc('year', last) + INTERVAL 1 YEAR - INTERVAL 1 DAY,
    INTERVAL '1 day') AS days (date);

CREATE TABLE fact_orders AS
WITH sold AS (
    SELECT order_id, count(*) AS items, sum(price) AS price, sum(freight_value) AS freight_value
    FROM order_items GROUP BY order_id),
paid AS (
    SELECT order_id, count(*) AS payments, sum(payment_value) AS payment_value
    FROM order_payments GROUP BY order_id),
added_up AS (
    SELECT
        orders.*,
        coalesce(items, 0) AS items,
        coalesce(price, 0)::DECIMAL(18, 2) AS price,
        coalesce(freight_value, 0)::DECIMAL(18, 2) AS freight_value,
        coalesce(payments, 0) AS payments,
        coalesce(payment_value, 0)::DECIMAL(18, 2) AS payment_value
    FROM orders LEFT JOIN sold USING (order_id) LEFT JOIN paid USING (order_id))
SELECT
    *,
    day_key(order_purchase_timestamp) AS date_key,
    days_between(order_purchase_timestamp, order_approved_at) AS days_to_approval,
    days_between(order_approved_at, order_delivered_carrier_date) AS days_to_carrier,
    days_between(order_delivered_carrier_date, order_delivered_customer_date) AS days_in_transit,
    days_between(order_purchase_timestamp, order_delivered_customer_date) AS delivery_lag_days,
    days_between(order_estimated_delivery_date, order_delivered_customer_date)
        AS days_past_estimate,
    days_past_estimate <= 0 AS delivered_on_time,
    (price + freight_value)::DECIMAL(18, 2) AS total_order_value,
    (payment_value - price - freight_value)::DECIMAL(18, 2) AS payment_difference
FROM added_up;

CREATE TABLE fact_payments AS
SELECT
    order_id,
    payment_sequential,
    customer_id,
    day_key(order_purchase_timestamp) AS date_key,
    order_status,
    payment_type,
    payment_installments,
    payment_value
FROM order_payments JOIN orders USING (order_id);

CREATE TABLE fact_reviews AS
SELECT
    review_id,
    order_id,
    customer_id,
    day_key(review_creation_date) AS date_key,
    review_score,
    review_comment_title IS NOT NULL OR review_comment_message IS NOT NULL AS has_comment,
    review_creation_date,
    review_answer_timestamp
FROM order_reviews JOIN orders USING (order_id);

-- Allocate the payments to the items in turn, rounded down to the cent, so that the shares add up.
-- Items of an order without any price have equal shares.
CREATE TABLE fact_sales AS
WITH paid AS (
    SELECT order_id, sum(payment_value) AS paid FROM order_payments GROUP BY order_id),
in_cents AS (
    SELECT
        *,
        (price + freight_value)::DECIMAL(18, 2) AS total_order_item_value,
        (coalesce(paid, 0) * 100)::HUGEINT AS to_share,
        (total_order_item_value * 100)::BIGINT AS own,
        sum(own) OVER (PARTITION BY order_id) AS whole
    FROM order_items JOIN orders USING (order_id) LEFT JOIN paid USING (order_id)),
weighed AS (
    SELECT
        *,
        CASE WHEN whole > 0 THEN own ELSE 1 END AS part,
        sum(part) OVER (PARTITION BY order_id) AS parts,
        sum(part) OVER (PARTITION BY order_id ORDER BY order_item_id) AS upto
    FROM in_cents)
SELECT
    order_id,
    order_item_id,
    customer_id,
    product_id,
    seller_id,
    day_key(order_purchase_timestamp) AS date_key,
    strftime(order_purchase_timestamp, '%Y-%m') AS purchase_month,
    order_status,
    price,
    freight_value,
    total_order_item_value,
    ((to_share * upto // parts - to_share * (upto - part) // parts)::DECIMAL(18, 0)
        * 0.01::DECIMAL(3, 2))::DECIMAL(18, 2) AS allocated_payment_value,
    days_between(order_purchase_timestamp, order_delivered_customer_date) AS delivery_lag_days,
    days_between(order_estimated_delivery_date, order_delivered_customer_date) <= 0
        AS delivered_on_time
FROM weighed;
