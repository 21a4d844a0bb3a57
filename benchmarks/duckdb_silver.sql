-- Build silver from nine CSV files: typed by the reader, validated by the rules, the latest row of
-- each key. Null passes a rule, unless the rule requires a value. `reject_errors` has the records that
-- the reader cannot read or type; `bad_<table>` has the rows that break rules, with the names of the
-- rules. The later row of a file wins: `rowid` numbers the rows of a table in reading order.

SET VARIABLE opened = TIMESTAMP '2016-01-01';
SET VARIABLE here = now() AT TIME ZONE 'America/Sao_Paulo';
SET VARIABLE tolerance = INTERVAL 5 MINUTES;
SET VARIABLE two_years = INTERVAL 730 DAYS;

CREATE MACRO file(name) AS getvariable('source') || '/' || name;
CREATE MACRO given(value) AS nullif(trim(value, E' \t\r\n'), '');
CREATE MACRO redacted(value) AS CASE
    WHEN regexp_matches(value, '@|\d(?:[\s.-]{0,3}\d){4}') THEN value
        .regexp_replace('[\w.%+-]+@[\w-]+(?:\.[\w-]+)+', '[email]', 'g')
        .regexp_replace('\d\d\.?\d{3}\.?\d{3}/\d{4}-?\d\d', '[cnpj]', 'g')
        .regexp_replace('\d{3}\.?\d{3}\.?\d{3}-?\d\d', '[cpf]', 'g')
        .regexp_replace('\(?0?\d\d\)?[\s.-]?9?\d{4}[\s.-]?\d{4}', '[phone]', 'g')
        .regexp_replace('\d\d\.?\d{3}-\d{3}', '[cep]', 'g')
    ELSE value END;
CREATE MACRO city_name(value) AS lower(redacted(given(value)));
CREATE MACRO folded(city) AS regexp_replace(strip_accents(nfc_normalize(city)), '\s+', ' ', 'g');
CREATE MACRO is_hex_id(value) AS coalesce(regexp_full_match(value, '[0-9a-f]{32}'), false);
CREATE MACRO is_zip_prefix(value) AS coalesce(regexp_full_match(value, '[0-9]{5}'), false);
CREATE MACRO is_state(value) AS coalesce(value IN (
    'AC', 'AL', 'AM', 'AP', 'BA', 'CE', 'DF', 'ES', 'GO', 'MA', 'MG', 'MS', 'MT', 'PA',
    'PB', 'PE', 'PI', 'PR', 'RJ', 'RN', 'RO', 'RR', 'RS', 'SC', 'SE', 'SP', 'TO'), false);
CREATE MACRO is_sentinel(moment) AS moment::DATE IN (
    '0001-01-01', '1753-01-01', '1899-12-30', '1899-12-31', '1900-01-01',
    '1969-12-31', '1970-01-01', '2099-12-31', '2999-12-31', '9999-12-31');
CREATE MACRO implausible(moment, name, ahead) AS CASE
    WHEN is_sentinel(moment) THEN name || '_is_not_a_sentinel_date'
    WHEN NOT moment BETWEEN getvariable('opened') AND getvariable('here') + ahead
        THEN name || '_is_a_plausible_time' END;
CREATE MACRO broken_rules(found) AS list_filter(found, lambda rule: rule IS NOT NULL);

CREATE TABLE checked_orders AS
SELECT *, broken_rules([
    CASE WHEN NOT is_hex_id(order_id) THEN 'order_id_is_well_formed' END,
    CASE WHEN NOT is_hex_id(customer_id) THEN 'customer_id_is_well_formed' END,
    CASE WHEN NOT coalesce(order_status IN (
        'created', 'approved', 'invoiced', 'processing',
        'shipped', 'delivered', 'canceled', 'unavailable'), false)
        THEN 'order_status_is_known' END,
    CASE WHEN order_purchase_timestamp IS NULL THEN 'order_purchase_timestamp_is_present' END,
    CASE WHEN order_estimated_delivery_date IS NULL
        THEN 'order_estimated_delivery_date_is_present' END,
    implausible(order_purchase_timestamp, 'order_purchase_timestamp', getvariable('tolerance')),
    implausible(order_approved_at, 'order_approved_at', getvariable('tolerance')),
    implausible(order_delivered_carrier_date, 'order_delivered_carrier_date', getvariable('tolerance')),
    implausible(order_delivered_customer_date, 'order_delivered_customer_date', getvariable('tolerance')),
    implausible(order_estimated_delivery_date, 'order_estimated_delivery_date', getvariable('two_years')),
    CASE WHEN order_estimated_delivery_date::DATE < order_purchase_timestamp::DATE
        THEN 'estimated_not_before_purchased' END,
    CASE WHEN order_delivered_customer_date < order_purchase_timestamp
        THEN 'delivered_not_before_purchased' END
]) AS broken
FROM (
    SELECT * REPLACE (
        given(order_id) AS order_id,
        given(customer_id) AS customer_id,
        given(order_status) AS order_status)
    FROM read_csv(file('olist_orders_dataset.csv'), store_rejects = true, columns = {
        order_id: 'VARCHAR',
        customer_id: 'VARCHAR',
        order_status: 'VARCHAR',
        order_purchase_timestamp: 'TIMESTAMP',
        order_approved_at: 'TIMESTAMP',
        order_delivered_carrier_date: 'TIMESTAMP',
        order_delivered_customer_date: 'TIMESTAMP',
        order_estimated_delivery_date: 'TIMESTAMP'}));

CREATE TABLE orders AS
SELECT * EXCLUDE (broken) FROM checked_orders WHERE broken = []
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY rowid DESC) = 1;
CREATE TABLE bad_orders AS FROM checked_orders WHERE broken <> [];
DROP TABLE checked_orders;

CREATE TABLE checked_order_items AS
SELECT *, broken_rules([
    CASE WHEN NOT is_hex_id(order_id) THEN 'order_id_is_well_formed' END,
    CASE WHEN order_item_id IS NULL OR order_item_id < 1 THEN 'order_item_id_is_at_least_1' END,
    CASE WHEN NOT is_hex_id(product_id) THEN 'product_id_is_well_formed' END,
    CASE WHEN NOT is_hex_id(seller_id) THEN 'seller_id_is_well_formed' END,
    implausible(shipping_limit_date, 'shipping_limit_date', getvariable('two_years')),
    CASE WHEN price IS NULL OR price < 0 THEN 'price_is_at_least_0' END,
    CASE WHEN freight_value IS NULL OR freight_value < 0 THEN 'freight_value_is_at_least_0' END
]) AS broken
FROM (
    SELECT * REPLACE (
        given(order_id) AS order_id,
        given(product_id) AS product_id,
        given(seller_id) AS seller_id)
    FROM read_csv(file('olist_order_items_dataset.csv'), store_rejects = true, columns = {
        order_id: 'VARCHAR',
        order_item_id: 'BIGINT',
        product_id: 'VARCHAR',
        seller_id: 'VARCHAR',
        shipping_limit_date: 'TIMESTAMP',
        price: 'DECIMAL(18, 2)',
        freight_value: 'DECIMAL(18, 2)'}));

CREATE TABLE order_items AS
SELECT * EXCLUDE (broken) FROM checked_order_items WHERE broken = []
QUALIFY row_number() OVER (PARTITION BY order_id, order_item_id ORDER BY rowid DESC) = 1;
CREATE TABLE bad_order_items AS FROM checked_order_items WHERE broken <> [];
DROP TABLE checked_order_items;

CREATE TABLE checked_order_payments AS
SELECT *, broken_rules([
    CASE WHEN NOT is_hex_id(order_id) THEN 'order_id_is_well_formed' END,
    CASE WHEN payment_sequential IS NULL OR payment_sequential < 1
        THEN 'payment_sequential_is_at_least_1' END,
    CASE WHEN NOT coalesce(payment_type IN (
        'credit_card', 'boleto', 'voucher', 'debit_card', 'not_defined'), false)
        THEN 'payment_type_is_known' END,
    CASE WHEN payment_installments IS NULL OR payment_installments < 0
        THEN 'payment_installments_is_at_least_0' END,
    CASE WHEN payment_value IS NULL OR payment_value < 0 THEN 'payment_value_is_at_least_0' END
]) AS broken
FROM (
    SELECT * REPLACE (given(order_id) AS order_id, given(payment_type) AS payment_type)
    FROM read_csv(file('olist_order_payments_dataset.csv'), store_rejects = true, columns = {
        order_id: 'VARCHAR',
        payment_sequential: 'BIGINT',
        payment_type: 'VARCHAR',
        payment_installments: 'BIGINT',
        payment_value: 'DECIMAL(18, 2)'}));

CREATE TABLE order_payments AS
SELECT * EXCLUDE (broken) FROM checked_order_payments WHERE broken = []
QUALIFY row_number() OVER (PARTITION BY order_id, payment_sequential ORDER BY rowid DESC) = 1;
CREATE TABLE bad_order_payments AS FROM checked_order_payments WHERE broken <> [];
DROP TABLE checked_order_payments;

CREATE TABLE checked_order_reviews AS
SELECT *, broken_rules([
    CASE WHEN NOT is_hex_id(review_id) THEN 'review_id_is_well_formed' END,
    CASE WHEN NOT is_hex_id(order_id) THEN 'order_id_is_well_formed' END,
    CASE WHEN NOT coalesce(review_score BETWEEN 1 AND 5, false)
        THEN 'review_score_is_between_1_and_5' END,
    CASE WHEN review_creation_date IS NULL THEN 'review_creation_date_is_present' END,
    implausible(review_creation_date, 'review_creation_date', getvariable('tolerance')),
    implausible(review_answer_timestamp, 'review_answer_timestamp', getvariable('tolerance'))
]) AS broken
FROM (
    SELECT * REPLACE (
        given(review_id) AS review_id,
        given(order_id) AS order_id,
        redacted(given(review_comment_title)) AS review_comment_title,
        redacted(given(review_comment_message)) AS review_comment_message)
    FROM read_csv(file('olist_order_reviews_dataset.csv'), store_rejects = true, columns = {
        review_id: 'VARCHAR',
        order_id: 'VARCHAR',
        review_score: 'BIGINT',
        review_comment_title: 'VARCHAR',
        review_comment_message: 'VARCHAR',
        review_creation_date: 'TIMESTAMP',
        review_answer_timestamp: 'TIMESTAMP'}));

CREATE TABLE order_reviews AS
SELECT * EXCLUDE (broken) FROM checked_order_reviews WHERE broken = []
QUALIFY row_number() OVER (PARTITION BY review_id, order_id ORDER BY rowid DESC) = 1;
CREATE TABLE bad_order_reviews AS FROM checked_order_reviews WHERE broken <> [];
DROP TABLE checked_order_reviews;

CREATE TABLE checked_customers AS
SELECT *, broken_rules([
    CASE WHEN NOT is_hex_id(customer_id) THEN 'customer_id_is_well_formed' END,
    CASE WHEN NOT is_hex_id(customer_unique_id) THEN 'customer_unique_id_is_well_formed' END,
    CASE WHEN NOT is_zip_prefix(customer_zip_code_prefix)
        THEN 'customer_zip_code_prefix_is_well_formed' END,
    CASE WHEN customer_city IS NULL THEN 'customer_city_is_present' END,
    CASE WHEN NOT is_state(customer_state) THEN 'customer_state_is_known' END
]) AS broken
FROM (
    SELECT * REPLACE (
        given(customer_id) AS customer_id,
        given(customer_unique_id) AS customer_unique_id,
        given(customer_zip_code_prefix) AS customer_zip_code_prefix,
        city_name(customer_city) AS customer_city,
        given(customer_state) AS customer_state)
    FROM read_csv(file('olist_customers_dataset.csv'), store_rejects = true, columns = {
        customer_id: 'VARCHAR',
        customer_unique_id: 'VARCHAR',
        customer_zip_code_prefix: 'VARCHAR',
        customer_city: 'VARCHAR',
        customer_state: 'VARCHAR'}));

CREATE TABLE customers AS
SELECT * EXCLUDE (broken) FROM checked_customers WHERE broken = []
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY rowid DESC) = 1;
CREATE TABLE bad_customers AS FROM checked_customers WHERE broken <> [];
DROP TABLE checked_customers;

CREATE TABLE checked_sellers AS
SELECT *, broken_rules([
    CASE WHEN NOT is_hex_id(seller_id) THEN 'seller_id_is_well_formed' END,
    CASE WHEN NOT is_zip_prefix(seller_zip_code_prefix)
        THEN 'seller_zip_code_prefix_is_well_formed' END,
    CASE WHEN seller_city IS NULL THEN 'seller_city_is_present' END,
    CASE WHEN NOT is_state(seller_state) THEN 'seller_state_is_known' END
]) AS broken
FROM (
    SELECT * REPLACE (
        given(seller_id) AS seller_id,
        given(seller_zip_code_prefix) AS seller_zip_code_prefix,
        city_name(seller_city) AS seller_city,
        given(seller_state) AS seller_state)
    FROM read_csv(file('olist_sellers_dataset.csv'), store_rejects = true, columns = {
        seller_id: 'VARCHAR',
        seller_zip_code_prefix: 'VARCHAR',
        seller_city: 'VARCHAR',
        seller_state: 'VARCHAR'}));

CREATE TABLE sellers AS
SELECT * EXCLUDE (broken) FROM checked_sellers WHERE broken = []
QUALIFY row_number() OVER (PARTITION BY seller_id ORDER BY rowid DESC) = 1;
CREATE TABLE bad_sellers AS FROM checked_sellers WHERE broken <> [];
DROP TABLE checked_sellers;

CREATE TABLE checked_products AS
SELECT *, broken_rules([
    CASE WHEN NOT is_hex_id(product_id) THEN 'product_id_is_well_formed' END,
    CASE WHEN product_name_length < 0 THEN 'product_name_length_is_at_least_0' END,
    CASE WHEN product_description_length < 0 THEN 'product_description_length_is_at_least_0' END,
    CASE WHEN product_photos_qty < 0 THEN 'product_photos_qty_is_at_least_0' END,
    CASE WHEN product_weight_g < 0 THEN 'product_weight_g_is_at_least_0' END,
    CASE WHEN product_length_cm < 0 THEN 'product_length_cm_is_at_least_0' END,
    CASE WHEN product_height_cm < 0 THEN 'product_height_cm_is_at_least_0' END,
    CASE WHEN product_width_cm < 0 THEN 'product_width_cm_is_at_least_0' END
]) AS broken
FROM (
    SELECT * REPLACE (
        given(product_id) AS product_id,
        given(product_category_name) AS product_category_name)
    FROM read_csv(file('olist_products_dataset.csv'), store_rejects = true, columns = {
        product_id: 'VARCHAR',
        product_category_name: 'VARCHAR',
        product_name_length: 'BIGINT',
        product_description_length: 'BIGINT',
        product_photos_qty: 'BIGINT',
        product_weight_g: 'BIGINT',
        product_length_cm: 'BIGINT',
        product_height_cm: 'BIGINT',
        product_width_cm: 'BIGINT'}));

CREATE TABLE products AS
SELECT * EXCLUDE (broken) FROM checked_products WHERE broken = []
QUALIFY row_number() OVER (PARTITION BY product_id ORDER BY rowid DESC) = 1;
CREATE TABLE bad_products AS FROM checked_products WHERE broken <> [];
DROP TABLE checked_products;

CREATE TABLE checked_geolocation_points AS
SELECT *, broken_rules([
    CASE WHEN NOT is_zip_prefix(zip_code_prefix) THEN 'zip_code_prefix_is_well_formed' END,
    CASE WHEN NOT coalesce(
        latitude BETWEEN -33.76 AND 5.28 AND longitude BETWEEN -73.99 AND -32.37, false)
        THEN 'inside_brazil' END,
    CASE WHEN city IS NULL THEN 'city_is_present' END,
    CASE WHEN NOT is_state(state) THEN 'state_is_known' END
]) AS broken
FROM (
    SELECT * REPLACE (
        given(zip_code_prefix) AS zip_code_prefix, city_name(city) AS city, given(state) AS state)
    FROM read_csv(file('olist_geolocation_dataset.csv'), store_rejects = true, columns = {
        zip_code_prefix: 'VARCHAR',
        latitude: 'DOUBLE',
        longitude: 'DOUBLE',
        city: 'VARCHAR',
        state: 'VARCHAR'}));

CREATE TABLE geolocation_points AS
SELECT DISTINCT * EXCLUDE (broken) FROM checked_geolocation_points WHERE broken = [];
CREATE TABLE bad_geolocation_points AS FROM checked_geolocation_points WHERE broken <> [];
DROP TABLE checked_geolocation_points;

CREATE TABLE geolocation AS
SELECT zip_code_prefix, latitude, longitude, city, state
FROM (
    SELECT zip_code_prefix, median(latitude) AS latitude, median(longitude) AS longitude
    FROM (SELECT DISTINCT zip_code_prefix, latitude, longitude FROM geolocation_points)
    GROUP BY zip_code_prefix)
JOIN (
    SELECT zip_code_prefix, folded(city) AS city, state
    FROM geolocation_points GROUP BY zip_code_prefix, folded(city), state
    QUALIFY row_number() OVER (
        PARTITION BY zip_code_prefix ORDER BY count(*) DESC, folded(city), state) = 1
) USING (zip_code_prefix);

CREATE TABLE checked_product_category_name_translation AS
SELECT *, broken_rules([
    CASE WHEN product_category_name IS NULL THEN 'product_category_name_is_present' END,
    CASE WHEN product_category_name_english IS NULL
        THEN 'product_category_name_english_is_present' END
]) AS broken
FROM (
    SELECT given(COLUMNS(*))
    FROM read_csv(
        file('product_category_name_translation.csv'), store_rejects = true, columns = {
            product_category_name: 'VARCHAR',
            product_category_name_english: 'VARCHAR'}));

CREATE TABLE product_category_name_translation AS
SELECT * EXCLUDE (broken) FROM checked_product_category_name_translation WHERE broken = []
QUALIFY row_number() OVER (PARTITION BY product_category_name ORDER BY rowid DESC) = 1;
CREATE TABLE bad_product_category_name_translation AS FROM checked_product_category_name_translation WHERE broken <> [];
DROP TABLE checked_product_category_name_translation;
