"""Build eight marts from the star schema, in pandas; amounts are integer centavos."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

Tables = Mapping[str, pd.DataFrame]

PURCHASED = "order_purchase_timestamp"
WORST, BEST = 1, 5  # stars
RECENT_DAYS, BIG_SPENDER = 180, 250_00
BANDS = {
    "8 days early or more": -8,
    "4 to 7 days early": -4,
    "1 to 3 days early": -1,
    "on the day": 0,
    "1 to 3 days late": 3,
    "4 to 7 days late": 7,
    "8 days late or more": np.inf,
}


def marts(gold: Tables) -> dict[str, pd.DataFrame]:
    """Return the eight marts."""
    return {
        "mart_category": _category(gold),
        "mart_cohort_retention": _cohort_retention(gold),
        "mart_customer_rfm": _customer_rfm(gold),
        "mart_delivery_by_state": _delivery_by_state(gold),
        "mart_monthly_sales": _monthly_sales(gold),
        "mart_payment_mix": _payment_mix(gold),
        "mart_review_by_lateness": _review_by_lateness(gold),
        "mart_seller_scorecard": _seller_scorecard(gold),
    }


def _monthly_sales(gold: Tables) -> pd.DataFrame:
    orders = _with_outcome(gold["fact_orders"]).assign(
        month=gold["fact_orders"][PURCHASED].dt.to_period("M")
    )
    sold = orders.groupby("month").agg(
        orders=("items", "size"),
        orders_with_items=("has_items", "sum"),
        items=("items", "sum"),
        gmv=("price", "sum"),
        freight_value=("freight_value", "sum"),
        delivered=("was_delivered", "sum"),
        delivered_on_time=("on_time", "sum"),
    )
    sold["gmv_called_off"] = orders[orders["is_called_off"]].groupby("month")["price"].sum()
    sold = sold.reindex(pd.period_range(sold.index.min(), sold.index.max(), freq="M"))
    sold = sold.fillna(0).astype("int64")
    scored = _scored(gold["fact_reviews"].merge(orders[["order_id", "month"]]), "month")
    mart = sold.join(scored)
    before = mart["gmv"].shift()
    return mart.assign(
        purchase_month=mart.index.astype(str),
        reviews=mart["reviews"].fillna(0).astype("int64"),
        freight_share=_ratio(mart["freight_value"], mart["gmv"] + mart["freight_value"]),
        average_order_value=_per(mart["gmv"], mart["orders_with_items"]),
        growth=_ratio(mart["gmv"] - before, before),
        on_time_share=_ratio(mart["delivered_on_time"], mart["delivered"]),
    )


def _category(gold: Tables) -> pd.DataFrame:
    names = gold["dim_product"][["product_id", "product_category_name_english"]]
    items = gold["fact_sales"].merge(names, on="product_id", how="left")
    items["category"] = items["product_category_name_english"].fillna("unknown")
    mart = items.groupby("category").agg(
        orders=("order_id", "nunique"),
        units=("order_id", "size"),
        sales=("price", "sum"),
        freight_value=("freight_value", "sum"),
    )
    parts = items[["order_id", "category"]].drop_duplicates()
    mart = mart.join(_scored(gold["fact_reviews"].merge(parts), "category")).reset_index()
    return mart.assign(
        reviews=mart["reviews"].fillna(0).astype("int64"),
        rank=mart["sales"].rank(method="min", ascending=False).astype("int64"),
        sales_share=_ratio(mart["sales"], mart["sales"].sum()),
    )


def _delivery_by_state(gold: Tables) -> pd.DataFrame:
    state = "customer_state"
    customers = gold["dim_customer"][["customer_id", state]]
    orders = _with_outcome(gold["fact_orders"]).merge(customers, on="customer_id", how="left")
    orders[state] = orders[state].fillna("unknown")
    open_ = ~orders["is_called_off"] & (orders["order_status"] != "delivered")
    today = orders[PURCHASED].max().normalize()
    orders["overdue"] = open_ & (orders["order_estimated_delivery_date"].dt.normalize() < today)
    mart = orders.groupby(state).agg(
        orders=("items", "size"),
        with_items=("has_items", "sum"),
        delivered=("was_delivered", "sum"),
        on_time=("on_time", "sum"),
        overdue=("overdue", "sum"),
        gmv=("price", "sum"),
        freight_value=("freight_value", "sum"),
    )
    was_delivered = orders[orders["was_delivered"]]
    lag = was_delivered.astype({"delivery_lag_days": "float64"}).groupby(state)["delivery_lag_days"]
    past = was_delivered[was_delivered["days_past_estimate"] > 0].groupby(state)[
        "days_past_estimate"
    ]
    scored = _scored(gold["fact_reviews"].merge(was_delivered[["order_id", state]]), state)
    mart = mart.join(scored).assign(
        mean_lag_days=lag.mean(),
        p90_lag_days=lag.agg(lambda days: np.quantile(days, 0.9, method="inverted_cdf")),
        late=past.size(),
        mean_days_late=past.mean(),
        on_time_share=_ratio(mart["on_time"], mart["delivered"]),
        freight_share=_ratio(mart["freight_value"], mart["gmv"] + mart["freight_value"]),
        freight_per_order=_per(mart["freight_value"], mart["with_items"]),
    )
    counts = ["late", "reviews"]
    return mart.assign(**mart[counts].fillna(0).astype("int64")).reset_index()


def _customer_rfm(gold: Tables) -> pd.DataFrame:
    orders = _orders_of_people(gold)
    newest = orders[PURCHASED].max().normalize() + pd.offsets.MonthEnd(0)
    mart = orders.groupby("customer_unique_id").agg(orders=("items", "size"))
    bought = orders[~orders["is_called_off"]].groupby("customer_unique_id")
    mart["frequency"] = bought.size()
    mart["monetary"] = bought["total_order_value"].sum()
    mart["last_purchase"] = bought[PURCHASED].max().dt.normalize()
    mart["recency_days"] = (newest - mart["last_purchase"]).dt.days.astype("Int64")
    sums = ["frequency", "monetary"]
    mart[sums] = mart[sums].fillna(0).astype("int64")
    lately = mart["recency_days"].fillna(RECENT_DAYS + 1) <= RECENT_DAYS
    often, big = mart["frequency"] > 1, mart["monetary"] >= BIG_SPENDER
    cases: list[tuple[Any, str]] = [
        (mart["frequency"] == 0, "never bought"),
        (often & lately, "loyal"),
        (often, "slipping away"),
        (lately & big, "new big spender"),
        (lately, "new"),
        (big, "big spender to win back"),
    ]
    mart["segment"] = np.select(
        [case.to_numpy(dtype=bool) for case, _ in cases], [name for _, name in cases], "gone"
    )
    return mart.reset_index()


def _cohort_retention(gold: Tables) -> pd.DataFrame:
    orders = _orders_of_people(gold)
    orders = orders[~orders["is_called_off"]]
    month = orders[PURCHASED].dt.year * 12 + orders[PURCHASED].dt.month - 1
    first = month.groupby(orders["customer_unique_id"]).transform("min")
    mart = (
        orders.assign(first=first, months_since=(month - first).astype("int64"))
        .groupby(["first", "months_since"])
        .agg(
            customers=("customer_unique_id", "nunique"),
            purchases=("items", "size"),
            gmv=("price", "sum"),
        )
        .reset_index()
    )
    size = mart.groupby("first")["customers"].transform("max")
    year, past = mart["first"] // 12, mart["first"] % 12 + 1
    name = year.astype(str) + "-" + past.astype(str).str.zfill(2)
    return mart.assign(
        cohort_month=name, cohort_size=size, retention=_ratio(mart["customers"], size)
    )


def _seller_scorecard(gold: Tables) -> pd.DataFrame:
    sales = _with_outcome(gold["fact_sales"])
    mart = sales.groupby("seller_id").agg(
        units=("order_id", "size"), sales=("price", "sum"), freight_value=("freight_value", "sum")
    )
    parts = sales.drop_duplicates(["seller_id", "order_id"])
    mart = mart.join(
        parts.groupby("seller_id").agg(
            orders=("order_id", "size"),
            called_off=("is_called_off", "sum"),
            delivered=("was_delivered", "sum"),
            on_time=("on_time", "sum"),
        )
    )
    lag = parts[parts["was_delivered"]].groupby("seller_id")["delivery_lag_days"].mean()
    pairs = parts[["order_id", "seller_id"]]
    mart = mart.join(_scored(gold["fact_reviews"].merge(pairs), "seller_id")).assign(
        mean_lag_days=lag,
        called_off_share=_ratio(mart["called_off"], mart["orders"]),
        on_time_share=_ratio(mart["on_time"], mart["delivered"]),
    )
    return mart.assign(reviews=mart["reviews"].fillna(0).astype("int64")).reset_index()


def _payment_mix(gold: Tables) -> pd.DataFrame:
    mart = (
        gold["fact_payments"]
        .groupby(["payment_type", "payment_installments"], observed=True)
        .agg(
            payments=("order_id", "size"),
            orders=("order_id", "nunique"),
            payment_value=("payment_value", "sum"),
        )
        .reset_index()
    )
    return mart.assign(
        payments_share=_ratio(mart["payments"], mart["payments"].sum()),
        value_share=_ratio(mart["payment_value"], mart["payment_value"].sum()),
        average_value=_per(mart["payment_value"], mart["payments"]),
    )


def _review_by_lateness(gold: Tables) -> pd.DataFrame:
    orders = _with_outcome(gold["fact_orders"])
    was_delivered = orders.loc[orders["was_delivered"], ["order_id", "days_past_estimate"]]
    reviews = gold["fact_reviews"].merge(was_delivered, on="order_id", how="left")
    days = reviews["days_past_estimate"].astype("float64")
    band = pd.cut(days, [-np.inf, *BANDS.values()], labels=list(BANDS)).astype("object")
    reviews = reviews.assign(
        lateness=band.fillna("not delivered"),
        worst=reviews["review_score"] == WORST,
        best=reviews["review_score"] == BEST,
    )
    mart = (
        reviews.groupby("lateness")
        .agg(
            reviews=("review_score", "size"),
            stars=("review_score", "sum"),
            review_score=("review_score", "mean"),
            one_star_share=("worst", "mean"),
            five_star_share=("best", "mean"),
        )
        .reset_index()
    )
    position = {name: number for number, name in enumerate([*BANDS, "not delivered"], 1)}
    return mart.assign(
        position=mart["lateness"].map(position),
        reviews_share=_ratio(mart["reviews"], mart["reviews"].sum()),
    )


def _with_outcome(facts: pd.DataFrame) -> pd.DataFrame:
    """Add the outcome of the order to each row: called off, delivered, on time."""
    was_delivered = (facts["order_status"] == "delivered") & facts["delivered_on_time"].notna()
    result = facts.assign(
        is_called_off=facts["order_status"].isin(["canceled", "unavailable"]),
        was_delivered=was_delivered,
        on_time=was_delivered & facts["delivered_on_time"].fillna(value=False).astype(bool),
    )
    return result.assign(has_items=facts["items"] > 0) if "items" in facts else result


def _orders_of_people(gold: Tables) -> pd.DataFrame:
    person = gold["dim_customer"][["customer_id", "customer_unique_id"]]
    orders = _with_outcome(gold["fact_orders"]).merge(person, on="customer_id", how="left")
    orders["customer_unique_id"] = orders["customer_unique_id"].fillna(orders["customer_id"])
    return orders


def _scored(reviews: pd.DataFrame, by: str) -> pd.DataFrame:
    return reviews.groupby(by).agg(
        reviews=("review_score", "size"), review_score=("review_score", "mean")
    )


def _ratio(part: Any, whole: Any) -> Any:
    return part / (whole.where(whole != 0) if isinstance(whole, pd.Series) else whole or np.nan)


def _per(amount: pd.Series, pieces: pd.Series) -> pd.Series:
    """Return centavos per piece, with half a centavo rounded up."""
    count = pieces.where(pieces != 0).astype("Int64")
    return (2 * amount.astype("Int64") + count) // (2 * count)
