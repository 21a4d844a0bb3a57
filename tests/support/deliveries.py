"""Deliveries as commits without rows, because promises read no rows."""

from datetime import datetime

from contracts import bronze
from contracts.contract import Bronze
from flows import delta


def deliver(
    lake: str,
    records: int,
    newest: datetime,
    *,
    file: bool = True,
    contract: type[Bronze] = bronze.Orders,
) -> None:
    """Commit the metrics of a delivery."""
    handle = delta.open_table(lake, contract)
    metrics = {"read": records, "newest": newest.isoformat(), **({"file": "x"} if file else {})}
    delta.append(handle, delta.scan(handle).collect(), delta.commit_properties({}, metrics))
