"""The defects of raw records, by entity; each names the one rule that it breaks.

The list is written by hand, although `contracts.strategies` derives broken records from the rules.
The tests compare the names here with what the quarantine says, so the list must not come from the
contracts that it checks. It also has mistakes that people make, a wrong number of fields among
them, where the strategies search for edge cases; and a sample needs no Hypothesis.
"""

from typing import NamedTuple

import polars as pl


class Defect(NamedTuple):
    """A way to break a record: `value`, an expression over its text, replaces a column.

    Without a column, the record has a wrong number of fields, and `value` replaces the last one.
    """

    column: str | None
    rule: str
    value: pl.Expr


# Marks for a wrong number of fields; writing the file replaces them.
TOO_FEW_FIELDS = "\x1e"
TOO_MANY_FIELDS = "\x1f"


def _not_hexadecimal(column: str) -> pl.Expr:
    return "g" + pl.col(column).str.slice(1)


def _cut_short(column: str) -> pl.Expr:
    return pl.col(column).str.head(-1)


def _day_before(column: str) -> pl.Expr:
    time = pl.col(column).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    return time.dt.offset_by("-1d").dt.to_string("%Y-%m-%d %H:%M:%S")


_MISSING = pl.lit(None, dtype=pl.String)
_NO_SUCH_DAY = pl.lit("2018-02-30 12:00:00")
_NOT_A_NUMBER = pl.lit("R$ 12,50")
_NEGATIVE = pl.lit("-0.01")
_NO_SUCH_STATE = pl.lit("XX")
_WRONG_WIDTH = (
    Defect(None, "record_is_readable", pl.lit(TOO_FEW_FIELDS)),
    Defect(None, "record_is_readable", pl.last() + TOO_MANY_FIELDS),
)

DEFECTS: dict[str, tuple[Defect, ...]] = {
    "orders": (
        Defect("order_id", "order_id_is_well_formed", _not_hexadecimal("order_id")),
        Defect("order_id", "order_id_is_present", _MISSING),
        Defect("customer_id", "customer_id_is_well_formed", _cut_short("customer_id")),
        Defect("order_status", "order_status_is_known", pl.lit("teleported")),
        Defect("order_purchase_timestamp", "order_purchase_timestamp_is_present", _MISSING),
        Defect("order_purchase_timestamp", "order_purchase_timestamp_is_a_timestamp", _NO_SUCH_DAY),
        Defect("order_approved_at", "order_approved_at_is_a_timestamp", pl.lit("yesterday")),
        Defect(
            "order_delivered_customer_date",
            "delivered_not_before_purchased",
            _day_before("order_purchase_timestamp"),
        ),
        *_WRONG_WIDTH,
    ),
    "order_items": (
        Defect("order_id", "order_id_is_well_formed", _not_hexadecimal("order_id")),
        Defect("product_id", "product_id_is_well_formed", _cut_short("product_id")),
        Defect("seller_id", "seller_id_is_present", _MISSING),
        Defect("shipping_limit_date", "shipping_limit_date_is_a_timestamp", _NO_SUCH_DAY),
        Defect("order_item_id", "order_item_id_is_a_number", pl.lit("first")),
        Defect("price", "price_is_a_number", _NOT_A_NUMBER),
        Defect("price", "price_is_at_least_0", _NEGATIVE),
        Defect("freight_value", "freight_value_is_at_least_0", _NEGATIVE),
        *_WRONG_WIDTH,
    ),
    "order_payments": (
        Defect("order_id", "order_id_is_well_formed", _cut_short("order_id")),
        Defect("payment_type", "payment_type_is_known", pl.lit("barter")),
        Defect("payment_value", "payment_value_is_a_number", _NOT_A_NUMBER),
        Defect("payment_value", "payment_value_is_at_least_0", _NEGATIVE),
        Defect("payment_value", "payment_value_is_present", _MISSING),
        *_WRONG_WIDTH,
    ),
    "order_reviews": (
        Defect("review_id", "review_id_is_well_formed", _not_hexadecimal("review_id")),
        Defect("order_id", "order_id_is_present", _MISSING),
        Defect("review_score", "review_score_is_between_1_and_5", pl.lit("9")),
        Defect("review_score", "review_score_is_a_number", pl.lit("good")),
        Defect("review_creation_date", "review_creation_date_is_a_timestamp", _NO_SUCH_DAY),
        *_WRONG_WIDTH,
    ),
    "customers": (
        Defect("customer_id", "customer_id_is_well_formed", _not_hexadecimal("customer_id")),
        Defect("customer_unique_id", "customer_unique_id_is_present", _MISSING),
        Defect(
            "customer_zip_code_prefix", "customer_zip_code_prefix_is_well_formed", pl.lit("1234X")
        ),
        Defect("customer_state", "customer_state_is_known", _NO_SUCH_STATE),
        *_WRONG_WIDTH,
    ),
    "products": (
        Defect("product_id", "product_id_is_well_formed", _not_hexadecimal("product_id")),
        Defect("product_name_lenght", "product_name_length_is_a_number", pl.lit("long")),
        Defect("product_weight_g", "product_weight_g_is_at_least_0", pl.lit("-1")),
        Defect("product_width_cm", "product_width_cm_is_at_least_0", pl.lit("-1")),
        *_WRONG_WIDTH,
    ),
    "sellers": (
        Defect("seller_id", "seller_id_is_well_formed", _cut_short("seller_id")),
        Defect("seller_state", "seller_state_is_present", _MISSING),
        Defect("seller_state", "seller_state_is_known", _NO_SUCH_STATE),
        *_WRONG_WIDTH,
    ),
    "geolocation": (
        Defect("geolocation_lat", "inside_brazil", pl.lit("48.8566")),
        Defect("geolocation_lng", "longitude_is_a_number", pl.lit("west")),
        Defect("geolocation_zip_code_prefix", "zip_code_prefix_is_well_formed", pl.lit("1234X")),
        Defect("geolocation_city", "city_is_present", _MISSING),
        Defect("geolocation_state", "state_is_known", _NO_SUCH_STATE),
        *_WRONG_WIDTH,
    ),
}
