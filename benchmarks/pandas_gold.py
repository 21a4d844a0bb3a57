"""Build the star schema from silver, in pandas; amounts are integer centavos."""

from collections.abc import Mapping

import pandas as pd

Tables = Mapping[str, pd.DataFrame]

PURCHASED = "order_purchase_timestamp"
APPROVED = "order_approved_at"
SHIPPED = "order_delivered_carrier_date"
DELIVERED = "order_delivered_customer_date"
ESTIMATED = "order_estimated_delivery_date"
SATURDAY = 5  # where Monday is 0


def gold(silver: Tables) -> dict[str, pd.DataFrame]:
    """Return the four dimensions and the four facts."""
    return {
        "dim_customer": _dim_customer(silver),
        "dim_date": _dim_date(silver),
        "dim_product": _dim_product(silver),
        "dim_seller": _dim_seller(silver),
        "fact_orders": _fact_orders(silver),
        "fact_payments": _fact_payments(silver),
        "fact_reviews": _fact_reviews(silver),
        "fact_sales": _fact_sales(silver),
    }


def _dim_customer(silver: Tables) -> pd.DataFrame:
    customers = _with_coordinates(
        silver["customers"], silver["geolocation"], "customer_zip_code_prefix"
    )
    return _with_inferred(customers, silver["orders"], "customer_id")


def _dim_seller(silver: Tables) -> pd.DataFrame:
    sellers = _with_coordinates(silver["sellers"], silver["geolocation"], "seller_zip_code_prefix")
    return _with_inferred(sellers, silver["order_items"], "seller_id")


def _dim_product(silver: Tables) -> pd.DataFrame:
    category = "product_category_name"
    products = silver["products"].merge(
        silver["product_category_name_translation"], on=category, how="left"
    )
    english = products["product_category_name_english"].fillna(products[category])
    return _with_inferred(
        products.assign(product_category_name_english=english), silver["order_items"], "product_id"
    )


def _dim_date(silver: Tables) -> pd.DataFrame:
    moments = (silver["orders"][PURCHASED], silver["order_reviews"]["review_creation_date"])
    first = min(each.min() for each in moments).year
    last = max(each.max() for each in moments).year
    date = pd.Series(pd.date_range(f"{first}-01-01", f"{last}-12-31"))
    return pd.DataFrame(
        {
            "date_key": _date_key(date),
            "date": date,
            "year": date.dt.year,
            "quarter": date.dt.quarter,
            "month": date.dt.month,
            "month_name": date.dt.month_name(),
            "day": date.dt.day,
            "weekday": date.dt.day_of_week + 1,
            "weekday_name": date.dt.day_name(),
            "is_weekend": date.dt.day_of_week >= SATURDAY,
        }
    )


def _fact_orders(silver: Tables) -> pd.DataFrame:
    orders = silver["orders"]
    sold = (
        silver["order_items"]
        .groupby("order_id", sort=False)
        .agg(
            items=("price", "size"),
            price=("price", "sum"),
            freight_value=("freight_value", "sum"),
        )
    )
    paid = (
        silver["order_payments"]
        .groupby("order_id", sort=False)
        .agg(payments=("payment_value", "size"), payment_value=("payment_value", "sum"))
    )
    totals = ["items", "price", "freight_value", "payments", "payment_value"]
    facts = orders.merge(sold, on="order_id", how="left").merge(paid, on="order_id", how="left")
    facts[totals] = facts[totals].fillna(0).astype("int64")
    total = facts["price"] + facts["freight_value"]
    past = _days(facts[ESTIMATED], facts[DELIVERED])
    return facts.assign(
        date_key=_date_key(facts[PURCHASED]),
        days_to_approval=_days(facts[PURCHASED], facts[APPROVED]),
        days_to_carrier=_days(facts[APPROVED], facts[SHIPPED]),
        days_in_transit=_days(facts[SHIPPED], facts[DELIVERED]),
        delivery_lag_days=_days(facts[PURCHASED], facts[DELIVERED]),
        days_past_estimate=past,
        delivered_on_time=past <= 0,
        total_order_value=total,
        payment_difference=facts["payment_value"] - total,
    )


def _fact_payments(silver: Tables) -> pd.DataFrame:
    orders = silver["orders"][["order_id", "customer_id", "order_status", PURCHASED]]
    facts = silver["order_payments"].merge(orders, on="order_id")
    return facts.assign(date_key=_date_key(facts[PURCHASED])).drop(columns=PURCHASED)


def _fact_reviews(silver: Tables) -> pd.DataFrame:
    texts = ["review_comment_title", "review_comment_message"]
    facts = silver["order_reviews"].merge(
        silver["orders"][["order_id", "customer_id"]], on="order_id"
    )
    return facts.assign(
        date_key=_date_key(facts["review_creation_date"]),
        has_comment=facts[texts].notna().any(axis="columns"),
    ).drop(columns=texts)


def _fact_sales(silver: Tables) -> pd.DataFrame:
    order = ["order_id", "customer_id", "order_status", PURCHASED, DELIVERED, ESTIMATED]
    paid = silver["order_payments"].groupby("order_id", sort=False)["payment_value"].sum()
    facts = (
        silver["order_items"]
        .drop(columns="shipping_limit_date")
        .merge(silver["orders"][order], on="order_id")
        .merge(paid.rename("paid"), on="order_id", how="left")
        .sort_values(["order_id", "order_item_id"])
    )
    total = facts["price"] + facts["freight_value"]
    on_time = _days(facts[ESTIMATED], facts[DELIVERED]) <= 0
    return facts.assign(
        date_key=_date_key(facts[PURCHASED]),
        purchase_month=facts[PURCHASED].dt.strftime("%Y-%m"),
        total_order_item_value=total,
        allocated_payment_value=_allocated(facts["order_id"], facts["paid"].fillna(0), total),
        delivery_lag_days=_days(facts[PURCHASED], facts[DELIVERED]),
        delivered_on_time=on_time,
    ).drop(columns=["paid", PURCHASED, DELIVERED, ESTIMATED])


def _allocated(order: pd.Series, paid: pd.Series, total: pd.Series) -> pd.Series:
    """Allocate the payments to the items in turn, so that the rounded shares add up."""
    paid, part = paid.astype("int64"), total.astype("int64")
    part = part.where(part.groupby(order, sort=False).transform("sum") > 0, 1)
    by_order = part.groupby(order, sort=False)
    order_total, cumulative = by_order.transform("sum"), by_order.cumsum()
    return paid * cumulative // order_total - paid * (cumulative - part) // order_total


def _with_coordinates(people: pd.DataFrame, geolocation: pd.DataFrame, prefix: str) -> pd.DataFrame:
    points = geolocation[["zip_code_prefix", "latitude", "longitude"]]
    return people.merge(points, left_on=prefix, right_on="zip_code_prefix", how="left").drop(
        columns="zip_code_prefix"
    )


def _with_inferred(known: pd.DataFrame, facts: pd.DataFrame, key: str) -> pd.DataFrame:
    mentioned = facts[[key]].drop_duplicates()
    missing = mentioned[~mentioned[key].isin(known[key])]
    return pd.concat([known.assign(inferred=False), missing.assign(inferred=True)])


def _date_key(moment: pd.Series) -> pd.Series:
    day = moment.dt
    return (day.year * 10_000 + day.month * 100 + day.day).astype("int64")


def _days(start: pd.Series, end: pd.Series) -> pd.Series:
    return (end.dt.normalize() - start.dt.normalize()).dt.days.astype("Int64")
