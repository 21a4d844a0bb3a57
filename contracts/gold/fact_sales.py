"""The contract of gold.fact_sales."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import MONTH, MOST, MOST_DAYS, ORDER_STATUSES, STARS_FIT_REVIEWS
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.dim_date import DimDate
from contracts.gold.dim_product import DimProduct
from contracts.gold.dim_seller import DimSeller


class FactSales(
    Gold,
    key=("order_id", "order_item_id"),
    incremental_key=("order_id",),
    partition_by=("purchase_month",),
):
    """One row per order item, including items of orders called off.

    Filter by `order_status`. All amounts may be summed: the payments of an order are allocated to
    its items to the cent.
    """

    order_id: str = column()
    order_item_id: int = column()
    customer_id: str = column(references=DimCustomer)
    product_id: str = column(references=DimProduct)
    category: str = column(
        description="Product category in English, in Portuguese if it has no translation, or "
        "`unknown` if the product has no category."
    )
    seller_id: str = column(references=DimSeller)
    date_key: int = column(references=DimDate, description="Day of the purchase as yyyymmdd.")
    purchase_month: str = column(str_matches=MONTH)
    order_status: str = column(isin=ORDER_STATUSES)
    price: Money = column(ge=0, description="Price of the item in BRL, without freight.")
    freight_value: Money = column(ge=0, description="Freight of the item in BRL.")
    total_order_item_value: Money = column(description="Price and freight of the item in BRL.")
    allocated_payment_value: Money = column(
        ge=0,
        description="Share of the order's payments in BRL, in proportion to price and freight, or "
        "in equal parts if the order's total is zero.",
    )
    delivery_lag_days: int = column(
        in_range=(0, MOST_DAYS),
        nullable=True,
        description="Calendar days from purchase to delivery. A few canceled orders have a value.",
    )
    delivered_on_time: bool = column(
        nullable=True,
        description="Whether the delivery came on the estimated calendar day or earlier.",
    )

    reviews: int = column()
    stars: int = column(in_range=(0, MOST))
    is_first_of_seller: bool = column(
        description="Whether the item is the first of its seller in the order. Count these items "
        "to count the orders of a seller."
    )
    is_first_of_category: bool = column(
        description="Whether the item is the first of its category in the order. Count these items "
        "to count the orders of a category."
    )

    @rule
    def total_is_price_plus_freight(cls) -> pl.Expr:
        """The total equals price plus freight."""
        return col("total_order_item_value") == col("price") + col("freight_value")

    @rule
    def stars_fit_the_reviews(cls) -> pl.Expr:
        """A review has one to five stars."""
        return STARS_FIT_REVIEWS
