"""The contract of gold.fact_payments."""

from contracts.contract import Gold, Money, column
from contracts.domain import MONTH, ORDER_STATUSES, PAYMENT_TYPES
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.dim_date import DimDate


class FactPayments(
    Gold,
    key=("order_id", "payment_sequential"),
    incremental_key=("order_id",),
    partition_by=("purchase_month",),
):
    """One row per payment of an order."""

    order_id: str = column()
    payment_sequential: int = column()
    customer_id: str = column(references=DimCustomer)
    date_key: int = column(references=DimDate, description="Day of the purchase as yyyymmdd.")
    purchase_month: str = column(str_matches=MONTH)
    order_status: str = column(isin=ORDER_STATUSES)
    payment_type: str = column(isin=PAYMENT_TYPES)
    payment_installments: int = column(ge=0)
    payment_value: Money = column(ge=0, description="Value of the payment in BRL.")
