WITH orders AS (SELECT * FROM gold.fact_orders),
     delivered AS (SELECT * FROM orders WHERE order_status = 'delivered'),
     best AS (
         SELECT product_category_name_english AS category, sum(price) AS sales
         FROM gold.fact_sales JOIN gold.dim_product USING (product_id)
         GROUP BY ALL ORDER BY sales DESC LIMIT 1
     )
SELECT 'orders' AS number, format('{:,}', count(*)) AS value FROM orders
UNION ALL
SELECT 'sales, freight not included', format('R$ {:,.2f}', sum(price)::DOUBLE) FROM orders
UNION ALL
SELECT 'delivered on time', format('{:.1f} %', 100 * avg(delivered_on_time::INT)) FROM delivered
UNION ALL
SELECT 'days from purchase to delivery', format('{:.1f}', avg(delivery_lag_days)) FROM delivered
UNION ALL
SELECT 'best category', format('{}: R$ {:,.2f}', category, sales::DOUBLE) FROM best
