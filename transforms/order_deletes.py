"""Deletes of orders: events that take back a share of the orders, for the stream."""

from collections.abc import Mapping

import polars as pl
from polars import LazyFrame, col

from contracts import bronze
from contracts.contract import Bronze
from contracts.technical_columns import DELETE
from transforms.order_events import ENTITY_ORDER, event_order, natural_key


def order_deletes(
    events: Mapping[type[Bronze], LazyFrame], share: float
) -> dict[type[Bronze], LazyFrame]:
    """Return the deletes of a share of the orders, with their items, payments and reviews.

    The hash of an order's id decides, so the same events give the same deletes. All happen a
    millisecond after the last event.

    Args:
        events: the events of each entity, as `entity_events` returns them.
        share: the share of the orders, from 0 to 1.

    Shape: as of `events`, one row per natural key. The other columns of the contract are null.
    """
    ends = pl.concat(events[contract].select(col("_event_time").max()) for contract in ENTITY_ORDER)
    time = ends.max().select(_event_time=col("_event_time") + pl.duration(milliseconds=1))
    return {
        contract: _deletes(contract, events[contract], time, share) for contract in _OF_AN_ORDER
    }


_OF_AN_ORDER = (bronze.Orders, bronze.OrderItems, bronze.OrderPayments, bronze.OrderReviews)
_PARTS = 1_000_000


def _deletes(contract: type[Bronze], events: LazyFrame, time: LazyFrame, share: float) -> LazyFrame:
    key = natural_key(contract)
    trimmed = [col(name).str.strip_chars() for name in key]
    is_chosen = col("order_id").hash() % _PARTS < round(share * _PARTS)
    return (
        events.select(trimmed)
        .filter(is_chosen, *(col(name) != "" for name in key))
        .unique()
        .sort(key)
        .with_row_index("_record")
        .join(time, how="cross")
        .select(
            *(
                name if name in key else pl.lit(None, pl.String).alias(name)
                for name in contract.fields()
            ),
            pl.lit(None, pl.String).alias("_corrupt_record"),
            pl.lit(DELETE).alias("_operation"),
            "_event_time",
            event_order(contract, col("_event_time")).alias("_order"),
            "_record",
        )
    )
