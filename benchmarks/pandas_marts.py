"""The star schema into eight marts, in pandas; amounts are whole centavos."""

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
        delivered=("came", "sum"),
        delivered_on_time=("on_time", "sum"),
    )
    sold["gmv_called_off"] = orders[orders["off"]].groupby("month")["price"].sum()
    sold = sold.reindex(pd.period_range(sold.index.min(), sold.index.max(), freq="M"))
    sold = sold.fillna(0).astype("int64")
    scored = _scored(gold["fact_reviews"].merge(orders[["order_id", "month"]]), "month")
    made = sold.join(scored)
    before = made["gmv"].shift()
    return made.assign(
        purchase_month=made.index.astype(str),
        reviews=made["reviews"].fillna(0).astype("int64"),
        freight_share=_ratio(made["freight_value"], made["gmv"] + made["freight_value"]),
        average_order_value=_per(made["gmv"], made["orders_with_items"]),
        growth=_ratio(made["gmv"] - before, before),
        on_time_share=_ratio(made["delivered_on_time"], made["delivered"]),
    )


def _category(gold: Tables) -> pd.DataFrame:
    names = gold["dim_product"][["product_id", "product_category_name_english"]]
    items = gold["fact_sales"].merge(names, on="product_id", how="left")
    items["category"] = items["product_category_name_english"].fillna("unknown")
    made = items.groupby("category").agg(
        orders=("order_id", "nunique"),
        units=("order_id", "size"),
        sales=("price", "sum"),
        freight_value=("freight_value", "sum"),
    )
    parts = items[["order_id", "category"]].drop_duplicates()
    made = made.join(_scored(gold["fact_reviews"].merge(parts), "category")).reset_index()
    return made.assign(
        reviews=made["reviews"].fillna(0).astype("int64"),
        rank=made["sales"].rank(method="min", ascending=False).astype("int64"),
        sales_share=_ratio(made["sales"], made["sales"].sum()),
    )


def _delivery_by_state(gold: Tables) -> pd.DataFrame:
    state = "customer_state"
    customers = gold["dim_customer"][["customer_id", state]]
    orders = _with_outcome(gold["fact_orders"]).merge(customers, on="customer_id", how="left")
    orders[state] = orders[state].fillna("unknown")
    open_ = ~orders["off"] & (orders["order_status"] != "delivered")
    today = orders[PURCHASED].max().normalize()
    orders["overdue"] = open_ & (orders["order_estimated_delivery_date"].dt.normalize() < today)
    made = orders.groupby(state).agg(
        orders=("items", "size"),
        with_items=("has_items", "sum"),
        delivered=("came", "sum"),
        on_time=("on_time", "sum"),
        overdue=("overdue", "sum"),
        gmv=("price", "sum"),
        freight_value=("freight_value", "sum"),
    )
    came = orders[orders["came"]]
    lag = came.astype({"delivery_lag_days": "float64"}).groupby(state)["delivery_lag_days"]
    past = came[came["days_past_estimate"] > 0].groupby(state)["days_past_estimate"]
    scored = _scored(gold["fact_reviews"].merge(came[["order_id", state]]), state)
    made = made.join(scored).assign(
        mean_lag_days=lag.mean(),
        p90_lag_days=lag.agg(lambda days: np.quantile(days, 0.9, method="inverted_cdf")),
        late=past.size(),
        mean_days_late=past.mean(),
        on_time_share=_ratio(made["on_time"], made["delivered"]),
        freight_share=_ratio(made["freight_value"], made["gmv"] + made["freight_value"]),
        freight_per_order=_per(made["freight_value"], made["with_items"]),
    )
    counts = ["late", "reviews"]
    return made.assign(**made[counts].fillna(0).astype("int64")).reset_index()


def _customer_rfm(gold: Tables) -> pd.DataFrame:
    orders = _of_people(gold)
    newest = orders[PURCHASED].max().normalize()
    made = orders.groupby("customer_unique_id").agg(orders=("items", "size"))
    bought = orders[~orders["off"]].groupby("customer_unique_id")
    made["frequency"] = bought.size()
    made["monetary"] = bought["total_order_value"].sum()
    made["last_purchase"] = bought[PURCHASED].max().dt.normalize()
    made["recency_days"] = (newest - made["last_purchase"]).dt.days.astype("Int64")
    sums = ["frequency", "monetary"]
    made[sums] = made[sums].fillna(0).astype("int64")
    lately = made["recency_days"].fillna(RECENT_DAYS + 1) <= RECENT_DAYS
    often, big = made["frequency"] > 1, made["monetary"] >= BIG_SPENDER
    cases: list[tuple[Any, str]] = [
        (made["frequency"] == 0, "never bought"),
        (often & lately, "loyal"),
        (often, "slipping away"),
        (lately & big, "new big spender"),
        (lately, "new"),
        (big, "big spender to win back"),
    ]
    made["segment"] = np.select(
        [case.to_numpy(dtype=bool) for case, _ in cases], [name for _, name in cases], "gone"
    )
    return made.reset_index()


def _cohort_retention(gold: Tables) -> pd.DataFrame:
    orders = _of_people(gold)
    orders = orders[~orders["off"]]
    month = orders[PURCHASED].dt.year * 12 + orders[PURCHASED].dt.month - 1
    first = month.groupby(orders["customer_unique_id"]).transform("min")
    made = (
        orders.assign(first=first, months_since=(month - first).astype("int64"))
        .groupby(["first", "months_since"])
        .agg(
            customers=("customer_unique_id", "nunique"),
            purchases=("items", "size"),
            gmv=("price", "sum"),
        )
        .reset_index()
    )
    size = made.groupby("first")["customers"].transform("max")
    year, past = made["first"] // 12, made["first"] % 12 + 1
    name = year.astype(str) + "-" + past.astype(str).str.zfill(2)
    return made.assign(
        cohort_month=name, cohort_size=size, retention=_ratio(made["customers"], size)
    )


def _seller_scorecard(gold: Tables) -> pd.DataFrame:
    sales = _with_outcome(gold["fact_sales"])
    made = sales.groupby("seller_id").agg(
        units=("order_id", "size"), sales=("price", "sum"), freight_value=("freight_value", "sum")
    )
    parts = sales.drop_duplicates(["seller_id", "order_id"])
    made = made.join(
        parts.groupby("seller_id").agg(
            orders=("order_id", "size"),
            called_off=("off", "sum"),
            delivered=("came", "sum"),
            on_time=("on_time", "sum"),
        )
    )
    lag = parts[parts["came"]].groupby("seller_id")["delivery_lag_days"].mean()
    pairs = parts[["order_id", "seller_id"]]
    made = made.join(_scored(gold["fact_reviews"].merge(pairs), "seller_id")).assign(
        mean_lag_days=lag,
        called_off_share=_ratio(made["called_off"], made["orders"]),
        on_time_share=_ratio(made["on_time"], made["delivered"]),
    )
    return made.assign(reviews=made["reviews"].fillna(0).astype("int64")).reset_index()


def _payment_mix(gold: Tables) -> pd.DataFrame:
    made = (
        gold["fact_payments"]
        .groupby(["payment_type", "payment_installments"], observed=True)
        .agg(
            payments=("order_id", "size"),
            orders=("order_id", "nunique"),
            payment_value=("payment_value", "sum"),
        )
        .reset_index()
    )
    return made.assign(
        payments_share=_ratio(made["payments"], made["payments"].sum()),
        value_share=_ratio(made["payment_value"], made["payment_value"].sum()),
        average_value=_per(made["payment_value"], made["payments"]),
    )


def _review_by_lateness(gold: Tables) -> pd.DataFrame:
    orders = _with_outcome(gold["fact_orders"])
    came = orders.loc[orders["came"], ["order_id", "days_past_estimate"]]
    reviews = gold["fact_reviews"].merge(came, on="order_id", how="left")
    days = reviews["days_past_estimate"].astype("float64")
    band = pd.cut(days, [-np.inf, *BANDS.values()], labels=list(BANDS)).astype("object")
    reviews = reviews.assign(
        lateness=band.fillna("not delivered"),
        worst=reviews["review_score"] == WORST,
        best=reviews["review_score"] == BEST,
    )
    made = (
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
    return made.assign(
        position=made["lateness"].map(position),
        reviews_share=_ratio(made["reviews"], made["reviews"].sum()),
    )


def _with_outcome(facts: pd.DataFrame) -> pd.DataFrame:
    """Add whether the order of each row was canceled, and whether it was delivered."""
    came = (facts["order_status"] == "delivered") & facts["delivered_on_time"].notna()
    rows = facts.assign(
        off=facts["order_status"].isin(["canceled", "unavailable"]),
        came=came,
        on_time=came & facts["delivered_on_time"].fillna(value=False).astype(bool),
    )
    return rows.assign(has_items=facts["items"] > 0) if "items" in facts else rows


def _of_people(gold: Tables) -> pd.DataFrame:
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
    """Return centavos per piece, half a centavo is rounded up."""
    some = pieces.where(pieces != 0).astype("Int64")
    return (2 * amount.astype("Int64") + some) // (2 * some)
