-- Build eight marts from the star schema.

CREATE MACRO was_delivered(status, on_time) AS status = 'delivered' AND on_time IS NOT NULL;
CREATE MACRO is_called_off(status) AS status IN ('canceled', 'unavailable');
CREATE MACRO ratio(part, whole) AS part::DOUBLE / nullif(whole, 0)::DOUBLE;
-- Round half a cent up.
CREATE MACRO per(amount, pieces) AS
    (((amount * 200)::HUGEINT + pieces) // nullif(2 * pieces, 0))::DECIMAL(18, 0)
    * 0.01::DECIMAL(3, 2);

CREATE TABLE mart_monthly_sales AS
WITH sold AS (
    SELECT
        date_trunc('month', order_purchase_timestamp)::DATE AS month,
        count(*) AS orders,
        count(*) FILTER (items > 0) AS orders_with_items,
        sum(items)::BIGINT AS items,
        sum(price) AS gmv,
        sum(price) FILTER (is_called_off(order_status)) AS gmv_called_off,
        sum(freight_value) AS freight_value,
        count(*) FILTER (was_delivered(order_status, delivered_on_time)) AS delivered,
        count(*) FILTER (was_delivered(order_status, delivered_on_time) AND delivered_on_time)
            AS delivered_on_time
    FROM fact_orders GROUP BY ALL),
scored AS (
    SELECT
        date_trunc('month', order_purchase_timestamp)::DATE AS month,
        count(*) AS reviews,
        avg(review_score) AS review_score
    FROM fact_reviews JOIN fact_orders USING (order_id) GROUP BY ALL),
months AS (
    SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH))::DATE AS month
    FROM sold),
filled AS (
    SELECT
        month,
        review_score,
        coalesce(gmv, 0) AS gmv,
        coalesce(gmv_called_off, 0) AS gmv_called_off,
        coalesce(freight_value, 0) AS freight_value,
        coalesce(COLUMNS(['orders', 'orders_with_items', 'items', 'delivered',
            'delivered_on_time', 'reviews']), 0)
    FROM months LEFT JOIN sold USING (month) LEFT JOIN scored USING (month))
SELECT
    *,
    strftime(month, '%Y-%m') AS purchase_month,
    ratio(freight_value, gmv + freight_value) AS freight_share,
    per(gmv, orders_with_items) AS average_order_value,
    ratio(gmv - lag(gmv) OVER by_month, lag(gmv) OVER by_month) AS growth,
    ratio(delivered_on_time, delivered) AS on_time_share
FROM filled WINDOW by_month AS (ORDER BY month);

CREATE TABLE mart_category AS
WITH items AS (
    SELECT fact_sales.*, coalesce(product_category_name_english, 'unknown') AS category
    FROM fact_sales LEFT JOIN dim_product USING (product_id)),
scored AS (
    SELECT category, count(*) AS reviews, avg(review_score) AS review_score
    FROM (SELECT DISTINCT order_id, category FROM items) JOIN fact_reviews USING (order_id)
    GROUP BY ALL),
sold AS (
    SELECT
        category,
        count(DISTINCT order_id) AS orders,
        count(*) AS units,
        sum(price) AS sales,
        sum(freight_value) AS freight_value
    FROM items GROUP BY ALL)
SELECT
    sold.*,
    rank() OVER (ORDER BY sales DESC) AS rank,
    ratio(sales, sum(sales) OVER ()) AS sales_share,
    coalesce(reviews, 0) AS reviews,
    review_score
FROM sold LEFT JOIN scored USING (category);

CREATE TABLE mart_delivery_by_state AS
WITH sent AS (
    SELECT
        fact_orders.*,
        coalesce(customer_state, 'unknown') AS customer_state,
        was_delivered(order_status, delivered_on_time) AS came,
        NOT is_called_off(order_status) AND order_status != 'delivered'
            AND order_estimated_delivery_date::DATE
                < max(order_purchase_timestamp) OVER ()::DATE AS overdue
    FROM fact_orders LEFT JOIN dim_customer USING (customer_id)),
scored AS (
    SELECT customer_state, count(*) AS reviews, avg(review_score) AS review_score
    FROM fact_reviews JOIN sent USING (order_id) WHERE came GROUP BY ALL),
sums AS (
    SELECT
        customer_state,
        count(*) AS orders,
        count(*) FILTER (items > 0) AS with_items,
        count(*) FILTER (came) AS delivered,
        count(*) FILTER (came AND delivered_on_time) AS on_time,
        avg(delivery_lag_days) FILTER (came) AS mean_lag_days,
        quantile_disc(delivery_lag_days, 0.9) FILTER (came) AS p90_lag_days,
        count(*) FILTER (came AND days_past_estimate > 0) AS late,
        avg(days_past_estimate) FILTER (came AND days_past_estimate > 0) AS mean_days_late,
        count(*) FILTER (overdue) AS overdue,
        sum(price) AS gmv,
        sum(freight_value) AS freight_value
    FROM sent GROUP BY ALL)
SELECT
    sums.*,
    coalesce(reviews, 0) AS reviews,
    review_score,
    ratio(on_time, delivered) AS on_time_share,
    ratio(freight_value, gmv + freight_value) AS freight_share,
    per(freight_value, with_items) AS freight_per_order
FROM sums LEFT JOIN scored USING (customer_state);

CREATE TABLE by_person AS
SELECT fact_orders.*, coalesce(customer_unique_id, fact_orders.customer_id) AS customer_unique_id
FROM fact_orders LEFT JOIN dim_customer USING (customer_id);

CREATE TABLE mart_customer_rfm AS
WITH newest AS (SELECT last_day(max(order_purchase_timestamp)) AS newest FROM fact_orders),
people AS (
    SELECT
        customer_unique_id,
        count(*) AS orders,
        count(*) FILTER (NOT is_called_off(order_status)) AS frequency,
        coalesce(sum(total_order_value) FILTER (NOT is_called_off(order_status)), 0) AS monetary,
        (max(order_purchase_timestamp) FILTER (NOT is_called_off(order_status)))::DATE AS last_purchase
    FROM by_person GROUP BY ALL)
SELECT
    people.*,
    newest - last_purchase AS recency_days,
    CASE
        WHEN frequency = 0 THEN 'never bought'
        WHEN frequency > 1 THEN if(recency_days <= 180, 'loyal', 'slipping away')
        WHEN recency_days <= 180 THEN if(monetary >= 250, 'new big spender', 'new')
        WHEN monetary >= 250 THEN 'big spender to win back'
        ELSE 'gone'
    END AS segment
FROM people, newest;

CREATE TABLE mart_cohort_retention AS
WITH purchases AS (
    SELECT
        *,
        date_trunc('month', order_purchase_timestamp)::DATE AS month,
        min(month) OVER (PARTITION BY customer_unique_id) AS first
    FROM by_person WHERE NOT is_called_off(order_status)),
counted AS (
    SELECT
        first,
        date_diff('month', first, month) AS months_since,
        count(DISTINCT customer_unique_id) AS customers,
        count(*) AS purchases,
        sum(price) AS gmv
    FROM purchases GROUP BY ALL)
SELECT
    *,
    strftime(first, '%Y-%m') AS cohort_month,
    max(customers) OVER (PARTITION BY first) AS cohort_size,
    ratio(customers, cohort_size) AS retention
FROM counted;

CREATE TABLE mart_seller_scorecard AS
WITH sold AS (
    SELECT
        seller_id,
        count(*) AS units,
        sum(price) AS sales,
        sum(freight_value) AS freight_value
    FROM fact_sales GROUP BY ALL),
parts AS (
    SELECT DISTINCT
        seller_id,
        order_id,
        is_called_off(order_status) AS off,
        was_delivered(order_status, delivered_on_time) AS came,
        delivered_on_time,
        delivery_lag_days
    FROM fact_sales),
went AS (
    SELECT
        seller_id,
        count(*) AS orders,
        count(*) FILTER (off) AS called_off,
        count(*) FILTER (came) AS delivered,
        count(*) FILTER (came AND delivered_on_time) AS on_time,
        avg(delivery_lag_days) FILTER (came) AS mean_lag_days
    FROM parts GROUP BY ALL),
scored AS (
    SELECT seller_id, count(*) AS reviews, avg(review_score) AS review_score
    FROM parts JOIN fact_reviews USING (order_id) GROUP BY ALL)
SELECT
    sold.*,
    went.* EXCLUDE seller_id,
    ratio(called_off, orders) AS called_off_share,
    ratio(on_time, delivered) AS on_time_share,
    coalesce(reviews, 0) AS reviews,
    review_score
FROM sold JOIN went USING (seller_id) LEFT JOIN scored USING (seller_id);

CREATE TABLE mart_payment_mix AS
WITH sums AS (
    SELECT
        payment_type,
        payment_installments,
        count(*) AS payments,
        count(DISTINCT order_id) AS orders,
        sum(payment_value) AS payment_value
    FROM fact_payments GROUP BY ALL)
SELECT
    *,
    ratio(payments, sum(payments) OVER ()) AS payments_share,
    ratio(payment_value, sum(payment_value) OVER ()) AS value_share,
    per(payment_value, payments) AS average_value
FROM sums;

CREATE TABLE mart_review_by_lateness AS
WITH bands (position, lateness, first, last) AS (VALUES
    (1, '8 days early or more', -1000000, -8),
    (2, '4 to 7 days early', -7, -4),
    (3, '1 to 3 days early', -3, -1),
    (4, 'on the day', 0, 0),
    (5, '1 to 3 days late', 1, 3),
    (6, '4 to 7 days late', 4, 7),
    (7, '8 days late or more', 8, 1000000),
    (8, 'not delivered', NULL, NULL)),
placed AS (
    SELECT
        review_score,
        CASE WHEN was_delivered(order_status, delivered_on_time) THEN days_past_estimate END AS days
    FROM fact_reviews LEFT JOIN fact_orders USING (order_id))
SELECT
    position,
    lateness,
    count(*) AS reviews,
    ratio(reviews, sum(reviews) OVER ()) AS reviews_share,
    sum(review_score)::BIGINT AS stars,
    avg(review_score) AS review_score,
    avg((review_score = 1)::INT) AS one_star_share,
    avg((review_score = 5)::INT) AS five_star_share
FROM placed JOIN bands ON days BETWEEN first AND last OR (days IS NULL AND first IS NULL)
GROUP BY position, lateness;
