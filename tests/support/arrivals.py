"""Raw records as bronze stores them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from contracts import bronze
from contracts.technical_columns import PROVENANCE, UPSERT
from flows import delta
from tests.support.good_records import GOOD

NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)


def arrived(raw: pl.DataFrame, hours: Sequence[int] = ()) -> pl.DataFrame:
    """Add provenance columns; the event time is noon, or the given number of hours later."""
    later = [*hours, *[0] * len(raw)][: len(raw)]
    moments = [NOON + timedelta(hours=hour) for hour in later]
    return raw.with_columns(
        _source=pl.lit("test"),
        _position=pl.int_range(1, pl.len() + 1),
        _event_time=pl.Series(moments, dtype=PROVENANCE["_event_time"]),
        _ingested_at=pl.lit(NOON, PROVENANCE["_ingested_at"]),
        _rescued_data=pl.lit(None, pl.String),
        _corrupt_record=pl.lit(None, pl.String),
        _operation=pl.lit(UPSERT),
    )


def sellers_arrive(lake: str, *numbers: int) -> None:
    """Append a seller for each number, as if read from a topic partition."""
    rows = [{**GOOD["sellers"], "seller_id": f"{number:032x}"} for number in numbers]
    raw = pl.DataFrame(rows, bronze.Sellers.fields())
    frame = arrived(raw).with_columns(_source=pl.lit("kafka/sellers/0"))
    handle = delta.open_table(lake, bronze.Sellers)
    delta.append(handle, frame, delta.commit_properties({"kafka/sellers/0": max(numbers)}, {}))
