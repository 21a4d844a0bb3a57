"""The contract of gold.mart_monthly_sales."""

from polars import col

from contracts.contract import Gold, Money, column
from contracts.domain import CALLED_OFF, DELIVERED, MONTH
from contracts.gold.fact_orders import FactOrders


class MartMonthlySales(Gold, key=("purchase_month",)):
    """One row per month of purchase, without a gap, from the first order to the last.

    The first and the last month are as complete as the orders that came. An order counts in the
    month in which it was bought, whatever became of it.
    """

    purchase_month: str = column(str_matches=MONTH, description="As yyyy-mm.")
    orders: int = column(
        ge=0,
        sums=(FactOrders, col("order_id").is_not_null()),
        description="Orders placed, those without items and those called off among them.",
    )
    orders_with_items: int = column(
        ge=0, sums=(FactOrders, col("items") > 0), description="Orders that say what was bought."
    )
    items: int = column(ge=0, sums=(FactOrders, col("items")), description="Units ordered.")
    gmv: Money = column(
        ge=0,
        sums=(FactOrders, col("price")),
        description="R$: gross merchandise value, the price of all items ordered, of orders "
        "called off too. Freight is not in it, so that payments would not do.",
    )
    gmv_called_off: Money = column(
        ge=0,
        sums=(FactOrders, col("price").filter(CALLED_OFF)),
        description="R$: what of it belongs to canceled and unavailable orders.",
    )
    freight_value: Money = column(
        ge=0, sums=(FactOrders, col("freight_value")), description="R$: freight of all items."
    )
    freight_share: float = column(
        in_range=(0, 1), nullable=True, description="Freight, of price and freight together."
    )
    average_order_value: Money = column(
        ge=0,
        nullable=True,
        description="R$: GMV per order that has items; orders without any would press it down.",
    )
    growth: float = column(
        nullable=True,
        description="GMV against the calendar month before: 0.1 (10%) is a tenth more. None in "
        "the first month, and behind a month that sold nothing.",
    )
    delivered: int = column(
        ge=0,
        sums=(FactOrders, DELIVERED),
        description="Orders that are delivered and say when.",
    )
    delivered_on_time: int = column(
        ge=0,
        sums=(FactOrders, DELIVERED & col("delivered_on_time")),
        description="Of those, the ones that came on the estimated calendar day or before.",
    )
    on_time_share: float = column(
        in_range=(0, 1), nullable=True, description="Delivered on time, of the delivered."
    )
    reviews: int = column(
        ge=0, description="Reviews of the month's orders, whenever they were written."
    )
    review_score: float = column(
        in_range=(1, 5), nullable=True, description="The mean score of its reviews, from 1 to 5."
    )
