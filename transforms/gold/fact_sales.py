"""gold.fact_sales."""

from typing import Annotated

import polars as pl
from polars import LazyFrame, col

from contracts.domain import REAIS, UNKNOWN
from contracts.gold.dim_product import DimProduct
from contracts.gold.fact_sales import FactSales
from contracts.silver.order_items import OrderItems
from contracts.silver.order_payments import OrderPayments
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.gold.allocation import allocate
from transforms.gold.dates import date_key, delivered_on_time, delivery_lag_days, month
from transforms.gold.order_totals import ONE, order_totals

PURCHASED = "order_purchase_timestamp"


def fact_sales(
    orders: Annotated[LazyFrame, Orders],
    order_items: Annotated[LazyFrame, OrderItems],
    order_payments: Annotated[LazyFrame, OrderPayments],
    order_reviews: Annotated[LazyFrame, OrderReviews],
    products: Annotated[LazyFrame, DimProduct],
) -> Annotated[LazyFrame, FactSales]:
    """Join each item to its order. Until its order arrives, an item stays in silver."""
    totals = order_totals(
        order_payments.select("order_id", paid="payment_value"),
        order_reviews.select("order_id", reviews=ONE, stars="review_score"),
    )
    category = products.select("product_id", category="product_category_name_english")
    return (
        order_items.join(orders.join(totals, on="order_id", how="left"), on="order_id")
        .join(category, on="product_id", how="left")
        .with_columns(
            col("paid", "reviews", "stars").fill_null(0),
            col("category").fill_null(UNKNOWN),
            total_order_item_value=(col("price") + col("freight_value")).cast(REAIS),
        )
        .pipe(_with_shares_of_orders)
        .select(
            "order_id",
            "order_item_id",
            "customer_id",
            "product_id",
            "category",
            "seller_id",
            date_key(PURCHASED),
            "order_status",
            "price",
            "freight_value",
            "total_order_item_value",
            "allocated_payment_value",
            "reviews",
            "stars",
            "is_first_of_seller",
            "is_first_of_category",
            delivery_lag_days(),
            delivered_on_time(),
            purchase_month=month(PURCHASED),
        )
    )


def _with_shares_of_orders(items: LazyFrame) -> LazyFrame:
    """Allocate the payments of each order to its items, and mark the first of each kind.

    Most orders have one item, so only the items of the others are compared.
    """
    marked = items.with_columns(_is_alone=~col("order_id").is_duplicated())
    alone = marked.filter("_is_alone").with_columns(
        allocated_payment_value=col("paid").cast(REAIS),
        is_first_of_seller=pl.lit(value=True),
        is_first_of_category=pl.lit(value=True),
    )
    together = (
        marked.filter(~col("_is_alone"))
        .pipe(
            allocate,
            amount="paid",
            by="total_order_item_value",
            key=("order_id", "order_item_id"),
            into="allocated_payment_value",
        )
        .with_columns(
            is_first_of_seller=_is_first("seller_id"), is_first_of_category=_is_first("category")
        )
    )
    return pl.concat([alone, together])


def _is_first(kind: str) -> pl.Expr:
    """Return whether an item is the first of its order with the same value in a column."""
    number = col("order_item_id")
    return number == number.min().over("order_id", kind)
