"""The contract of gold.fact_sales."""

import polars as pl
from polars import col

from contracts.contract import Gold, Money, column, rule
from contracts.domain import MONTH, ORDER_STATUSES
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
    """One row per order item, whatever became of its order: filter by `order_status`.

    Every amount may be summed: an order's payments are shared out to its items, to the cent.
    """

    order_id: str = column()
    order_item_id: int = column()
    customer_id: str = column(references=DimCustomer)
    product_id: str = column(references=DimProduct)
    seller_id: str = column(references=DimSeller)
    date_key: int = column(references=DimDate, description="The day of purchase.")
    purchase_month: str = column(str_matches=MONTH, description="As yyyy-mm.")
    order_status: str = column(isin=ORDER_STATUSES)
    price: Money = column(ge=0, description="R$.")
    freight_value: Money = column(ge=0, description="R$.")
    total_order_item_value: Money = column(description="R$: price + freight.")
    allocated_payment_value: Money = column(
        ge=0,
        description="R$: this item's part of the order's payments, by its part of the order's "
        "total (in equal parts when that total is zero).",
    )
    delivery_lag_days: int = column(
        ge=0,
        nullable=True,
        description="Calendar days from purchase to delivery; a few canceled orders have one, too.",
    )
    delivered_on_time: bool = column(
        nullable=True, description="Delivered on the estimated calendar day or before."
    )

    @rule
    def total_is_price_plus_freight(cls) -> pl.Expr:
        """The parts add up, to the cent."""
        return col("total_order_item_value") == col("price") + col("freight_value")
