"""Deliveries of orders as commits without rows, because promises read no rows."""

from datetime import datetime

from contracts import bronze
from flows import delta


def deliver(lake: str, records: int, newest: datetime, *, file: bool = True) -> None:
    """Commit the metrics of a delivery of orders."""
    handle = delta.open_table(lake, bronze.Orders)
    metrics = {"read": records, "newest": newest.isoformat(), **({"file": "x"} if file else {})}
    delta.append(handle, delta.scan(handle).collect(), delta.commit_properties({}, metrics))
