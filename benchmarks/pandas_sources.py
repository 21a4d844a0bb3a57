"""The nine source files for pandas: the parser and the rule of each column.

Amounts are integer centavos because pandas has no fast decimals.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import pandas as pd

from contracts.domain import ORDER_STATUSES, PAYMENT_TYPES, SHOP_OPENED, STATES
from contracts.plausible_times import CLOCK_TOLERANCE, PLANNING_HORIZON

Predicate = Callable[[pd.Series], pd.Series]


class Column(NamedTuple):
    """The parser and the rule of a column; without a rule, values may be missing."""

    parse: Callable[[pd.Series], pd.Series]
    rule: Predicate | None = None


class Source(NamedTuple):
    """A file with its columns in order, its key, and the rules over several columns."""

    file: str
    columns: Mapping[str, Column]
    key: Sequence[str]
    rules: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = {}


def text(raw: pd.Series) -> pd.Series:
    """Strip white space; empty text is missing."""
    stripped = raw.str.strip()
    return stripped.mask(stripped == "")


def free_text(raw: pd.Series) -> pd.Series:
    """Replace contact data in text."""
    stripped = text(raw)
    suspect = stripped.str.contains(r"@|\d(?:[\s.-]{0,3}\d){4}", na=False)
    if suspect.any():
        redacted = stripped[suspect]
        for shape, kind in REDACTED.items():
            redacted = redacted.str.replace(shape, kind, regex=True)
        stripped = stripped.where(~suspect, redacted)
    return stripped


REDACTED = {
    r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+": "[email]",
    r"\d\d\.?\d{3}\.?\d{3}/\d{4}-?\d\d": "[cnpj]",
    r"\d{3}\.?\d{3}\.?\d{3}-?\d\d": "[cpf]",
    r"\(?0?\d\d\)?[\s.-]?9?\d{4}[\s.-]?\d{4}": "[phone]",
    r"\d\d\.?\d{3}-\d{3}": "[cep]",
}


def city_name(raw: pd.Series) -> pd.Series:
    """Return the name of a city in lower case."""
    return free_text(raw).str.lower()


def folded(cities: pd.Series) -> pd.Series:
    """Remove accents from cities, and extra spaces between words."""
    bare = cities.str.normalize("NFKD").str.replace(r"[\u0300-\u036f]", "", regex=True)
    return bare.str.replace(r"\s+", " ", regex=True)


def moment(raw: pd.Series) -> pd.Series:
    """Parse a wall-clock time; an invalid one is missing."""
    return pd.to_datetime(raw, format="%Y-%m-%d %H:%M:%S", errors="coerce")


def number(raw: pd.Series) -> pd.Series:
    """Parse a number; an invalid one is missing."""
    return pd.to_numeric(raw, errors="coerce")


def integer(raw: pd.Series) -> pd.Series:
    """Parse an integer; an invalid one is missing."""
    return number(raw).astype("Int64")


def centavos(raw: pd.Series) -> pd.Series:
    """Parse an amount of money as integer centavos."""
    return (number(raw) * 100).round().astype("Int64")


def is_hex_id(values: pd.Series) -> pd.Series:
    """Return whether values are 32 hex digits."""
    return values.str.fullmatch("[0-9a-f]{32}")


def is_zip_prefix(values: pd.Series) -> pd.Series:
    """Return whether values are five digits."""
    return values.str.fullmatch("[0-9]{5}")


def is_present(values: pd.Series) -> pd.Series:
    """Return whether values are present."""
    return values.notna()


def is_plausible(ahead: timedelta = CLOCK_TOLERANCE) -> Predicate:
    """Return a check that times are since the shop opened and not ahead of now; missing passes."""
    now = pd.Timestamp.now("America/Sao_Paulo").tz_localize(None)
    return lambda values: values.isna() | values.between(SHOP_OPENED, now + ahead)


def is_given(plausible: Predicate) -> Predicate:
    """Return a check that values are present and plausible."""
    return lambda values: values.notna() & plausible(values)


def is_one_of(known: Sequence[object]) -> Predicate:
    """Return a check that values are among those known."""
    return lambda values: values.isin(known)


def is_within(least: float, most: float = float("inf")) -> Predicate:
    """Return a check that values are in a range."""
    return lambda values: values.between(least, most)


def is_missing_or_positive(values: pd.Series) -> pd.Series:
    """Return whether values are missing, or zero or more."""
    return (values >= 0).fillna(value=True)


HEX_ID = Column(text, is_hex_id)
ZIP_PREFIX = Column(text, is_zip_prefix)
CITY = Column(city_name, is_present)
STATE = Column(text, is_one_of(STATES))
FROM_1 = Column(integer, is_within(1))
REAIS = Column(centavos, is_within(0))
COUNT = Column(integer, is_missing_or_positive)
TEXT = Column(text)
MOMENT = Column(moment, is_plausible())
GIVEN_MOMENT = Column(moment, is_given(is_plausible()))
PLAN = Column(moment, is_plausible(PLANNING_HORIZON))
GIVEN_PLAN = Column(moment, is_given(is_plausible(PLANNING_HORIZON)))

SOURCES = {
    "orders": Source(
        "olist_orders_dataset.csv",
        {
            "order_id": HEX_ID,
            "customer_id": HEX_ID,
            "order_status": Column(text, is_one_of(ORDER_STATUSES)),
            "order_purchase_timestamp": GIVEN_MOMENT,
            "order_approved_at": MOMENT,
            "order_delivered_carrier_date": MOMENT,
            "order_delivered_customer_date": MOMENT,
            "order_estimated_delivery_date": GIVEN_PLAN,
        },
        ["order_id"],
        {
            "estimated_not_before_purchased": lambda row: (
                row["order_estimated_delivery_date"].dt.normalize()
                >= row["order_purchase_timestamp"].dt.normalize()
            ),
            "delivered_not_before_purchased": lambda row: (
                ~(row["order_delivered_customer_date"] < row["order_purchase_timestamp"])
            ),
        },
    ),
    "order_items": Source(
        "olist_order_items_dataset.csv",
        {
            "order_id": HEX_ID,
            "order_item_id": FROM_1,
            "product_id": HEX_ID,
            "seller_id": HEX_ID,
            "shipping_limit_date": PLAN,
            "price": REAIS,
            "freight_value": REAIS,
        },
        ["order_id", "order_item_id"],
    ),
    "order_payments": Source(
        "olist_order_payments_dataset.csv",
        {
            "order_id": HEX_ID,
            "payment_sequential": FROM_1,
            "payment_type": Column(text, is_one_of(PAYMENT_TYPES)),
            "payment_installments": Column(integer, is_within(0)),
            "payment_value": REAIS,
        },
        ["order_id", "payment_sequential"],
    ),
    "order_reviews": Source(
        "olist_order_reviews_dataset.csv",
        {
            "review_id": HEX_ID,
            "order_id": HEX_ID,
            "review_score": Column(integer, is_within(1, 5)),
            "review_comment_title": Column(free_text),
            "review_comment_message": Column(free_text),
            "review_creation_date": GIVEN_MOMENT,
            "review_answer_timestamp": MOMENT,
        },
        ["review_id", "order_id"],
    ),
    "customers": Source(
        "olist_customers_dataset.csv",
        {
            "customer_id": HEX_ID,
            "customer_unique_id": HEX_ID,
            "customer_zip_code_prefix": ZIP_PREFIX,
            "customer_city": CITY,
            "customer_state": STATE,
        },
        ["customer_id"],
    ),
    "sellers": Source(
        "olist_sellers_dataset.csv",
        {
            "seller_id": HEX_ID,
            "seller_zip_code_prefix": ZIP_PREFIX,
            "seller_city": CITY,
            "seller_state": STATE,
        },
        ["seller_id"],
    ),
    "products": Source(
        "olist_products_dataset.csv",
        {
            "product_id": HEX_ID,
            "product_category_name": TEXT,
            "product_name_length": COUNT,
            "product_description_length": COUNT,
            "product_photos_qty": COUNT,
            "product_weight_g": COUNT,
            "product_length_cm": COUNT,
            "product_height_cm": COUNT,
            "product_width_cm": COUNT,
        },
        ["product_id"],
    ),
    "geolocation_points": Source(
        "olist_geolocation_dataset.csv",
        {
            "zip_code_prefix": ZIP_PREFIX,
            "latitude": Column(number, is_within(-33.76, 5.28)),
            "longitude": Column(number, is_within(-73.99, -32.37)),
            "city": CITY,
            "state": STATE,
        },
        ["zip_code_prefix", "latitude", "longitude", "city", "state"],
    ),
    "product_category_name_translation": Source(
        "product_category_name_translation.csv",
        {
            "product_category_name": Column(text, is_present),
            "product_category_name_english": Column(text, is_present),
        },
        ["product_category_name"],
    ),
}
