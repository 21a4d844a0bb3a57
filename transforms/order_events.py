"""Order events: the source tables as the events that led to them, for the stream."""

from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl
from polars import LazyFrame, col

from contracts import bronze
from contracts.contract import Bronze
from contracts.rules import RAW
from transforms.graph import Table, tables
from transforms.validation import is_delete, with_validity
from transforms.wall_clock import to_utc

DEFAULT_TIME = datetime(2016, 1, 1, tzinfo=UTC)
"""The time of all events if no order is valid."""

ENTITY_ORDER: tuple[type[Bronze], ...] = (
    bronze.ProductCategoryNameTranslation,
    bronze.Geolocation,
    bronze.Customers,
    bronze.Products,
    bronze.Sellers,
    bronze.Orders,
    bronze.OrderItems,
    bronze.OrderPayments,
    bronze.OrderReviews,
)
"""The order of entities among simultaneous events: referenced entities come first.

An entity that is not listed has no part in the events of orders: its records are sent as they are.
"""

# The `_order` of plain records, greater than that of any event.
_AFTER_EVENTS = 1 << 62

# By column with the time of a stage, the status of the order from then on.
STAGES = {
    "order_purchase_timestamp": "created",
    "order_approved_at": "approved",
    "order_delivered_carrier_date": "shipped",
    "order_delivered_customer_date": "delivered",
}


def entity_events(raw: Mapping[type[Bronze], LazyFrame]) -> dict[type[Bronze], LazyFrame]:
    """Return the events of each entity: the versions of its records with their times.

    Entities outside `ENTITY_ORDER` have plain records: unchanged, in the order of the source, at
    their own time, and after all other events. For the entities of `ENTITY_ORDER`:

    - An order has one version per timestamp: created, approved, shipped, delivered. Later stages
      are null in it. The last version is the source's record.
    - Items and payments have the time of their order's purchase, reviews their creation date.
    - A customer has the time of their first order, a product and a seller that of their first item,
      the points of a zip code prefix that of its first customer or seller, and the translation of a
      category that of its first product.
    - A record that nothing refers to and an invalid review have the time of the last event. An
      invalid order has one version, at its purchase if that is readable and within the time of the
      valid orders.

    - A delete has the time of the last version of its key.

    If the source has several records of a key, their last versions have the same time, and all
    other versions are earlier. Simultaneous events keep the order of their records. So the record
    that wins among the events by (event time, position) is the one that wins in the source.

    Args:
        raw: by bronze contract, the records with `_corrupt_record` and `_operation`. All of
            `ENTITY_ORDER` must be there. Plain records also have `_event_time` (UTC).

    Shape: the columns of the contract, `_corrupt_record`, `_operation`, `_event_time` (UTC) and two
    numbers that sort the events of all entities: `_order`, and within it `_record`, the number of
    the record.
    """
    typed = {contract: _with_validity(contract, raw[contract]) for contract in ENTITY_ORDER}

    def known(contract: type[Bronze], key: str, times: LazyFrame) -> LazyFrame:
        return typed[contract].join(times, on=key, how="left")

    orders = _with_stage_times(typed[bronze.Orders])
    placed = _first_known(orders, "order_id")
    items = known(bronze.OrderItems, "order_id", placed)
    customers = known(bronze.Customers, "customer_id", _first_known(orders, "customer_id"))
    products = known(bronze.Products, "product_id", _first_known(items, "product_id"))
    sellers = known(bronze.Sellers, "seller_id", _first_known(items, "seller_id"))
    prefixes = pl.concat(
        people.select("_known", col(f"{role}_zip_code_prefix").alias("zip_code_prefix"))
        for role, people in (("customer", customers), ("seller", sellers))
    )
    categories = _first_known(products, "product_category_name")
    events = {
        bronze.ProductCategoryNameTranslation: known(
            bronze.ProductCategoryNameTranslation, "product_category_name", categories
        ),
        bronze.Geolocation: known(
            bronze.Geolocation, "zip_code_prefix", _first_known(prefixes, "zip_code_prefix")
        ),
        bronze.Customers: customers,
        bronze.Products: products,
        bronze.Sellers: sellers,
        bronze.Orders: _versions(orders),
        bronze.OrderItems: items,
        bronze.OrderPayments: known(bronze.OrderPayments, "order_id", placed),
        bronze.OrderReviews: typed[bronze.OrderReviews].with_columns(
            _known=pl.when("_is_valid")
            .then(to_utc(col("review_creation_date")))
            .max()
            .over("review_id", "order_id")
        ),
    }
    closing = orders.select(_closing=col("_closing").first().fill_null(DEFAULT_TIME))
    return {
        contract: _events(contract, events[contract], closing)
        if contract in events
        else _plain_records(contract, records, _AFTER_EVENTS + number)
        for number, (contract, records) in enumerate(raw.items())
    }


def natural_key(contract: type[Bronze]) -> list[str]:
    """Return the raw columns of an entity's silver key; none if silver computes its key."""
    typed = _typed_table(contract).contract
    raw = [typed.parsed_from()[name] for name in typed.spec().key]
    return raw if contract.fields().keys() >= set(raw) else []


def message_key(contract: type[Bronze]) -> pl.Expr:
    """Return the key of an entity's messages: a JSON object of the raw values of its natural key.

    White space around the values is removed, so that all versions of a record have the same key and
    reach the same partition. If silver computes its key, all messages have the entity's name as
    their key, because only one partition then keeps them in order.
    """
    key = natural_key(contract)
    if not key:
        return pl.lit(contract.spec().name).alias("key")
    return pl.struct(col(name).str.strip_chars() for name in key).struct.json_encode().alias("key")


def event_order(contract: type[Bronze], time: pl.Expr) -> pl.Expr:
    """Return the `_order` of an event of `ENTITY_ORDER` at a time."""
    return time.dt.epoch("ms") * len(ENTITY_ORDER) + ENTITY_ORDER.index(contract)


def _typed_table(contract: type[Bronze]) -> Table:
    return next(table for table in tables().values() if table.source is contract)


def _with_validity(contract: type[Bronze], raw: LazyFrame) -> LazyFrame:
    table = _typed_table(contract)
    rows = with_validity(raw, table.function, table.contract).with_row_index("_record")
    return rows.with_columns(_is_valid=col("_is_valid") & ~is_delete(RAW))  # it has one version


def _with_stage_times(orders: LazyFrame) -> LazyFrame:
    """Add the time of each stage of an order, and that of its last version."""
    placed = col("_at_order_purchase_timestamp")
    is_valid = col("_is_valid")
    return (
        orders.with_columns(**{f"_at_{stage}": to_utc(col(stage)) for stage in STAGES})
        # A stage with a time before the purchase gets the time of the purchase.
        .with_columns(
            pl.when(col(f"_at_{stage}").is_not_null()).then(
                pl.max_horizontal(f"_at_{stage}", placed)
            )
            for stage in STAGES
        )
        .with_columns(_own=pl.max_horizontal(f"_at_{stage}" for stage in STAGES))
        .with_columns(
            _opening=placed.filter(is_valid).min(), _closing=col("_own").filter(is_valid).max()
        )
        .with_columns(
            _known=pl.when(is_valid).then(placed).otherwise(placed.clip("_opening", "_closing"))
        )
        .with_columns(
            _last=pl.when(is_valid).then("_own").otherwise("_known").max().over("order_id")
        )
    )


def _versions(orders: LazyFrame) -> LazyFrame:
    earlier = (
        orders.filter("_is_valid")
        .with_columns(_known=pl.concat_list(f"_at_{stage}" for stage in STAGES).list.unique())
        .explode("_known")
        .filter(col("_known") < col("_own"))
    )
    reached = {stage: col(f"_at_{stage}") <= col("_known") for stage in STAGES}
    status = pl.coalesce(
        pl.when(reached[stage]).then(pl.lit(name)) for stage, name in reversed(STAGES.items())
    )
    return pl.concat(
        [
            earlier.with_columns(
                status.alias(f"{RAW}order_status"),
                *(
                    pl.when(was).then(RAW + stage).alias(RAW + stage)
                    for stage, was in reached.items()
                ),
            ),
            orders.with_columns(_known="_last"),
        ]
    )


def _first_known(known: LazyFrame, key: str) -> LazyFrame:
    return known.group_by(key).agg(col("_known").min())


def _events(contract: type[Bronze], known: LazyFrame, closing: LazyFrame) -> LazyFrame:
    columns = (*contract.fields(), "_corrupt_record", "_operation")
    time = col("_known").fill_null(col("_closing"))
    return (
        known.drop("_closing", strict=False)
        .join(closing, how="cross")
        .select(
            *(col(RAW + name).alias(name) for name in columns),
            time.alias("_event_time"),
            event_order(contract, time).alias("_order"),
            "_record",
        )
    )


def _plain_records(contract: type[Bronze], records: LazyFrame, order: int) -> LazyFrame:
    return records.with_row_index("_record").select(
        *contract.fields(),
        "_corrupt_record",
        "_operation",
        "_event_time",
        pl.lit(order).alias("_order"),
        "_record",
    )
