"""Volume: whether the last delivery of each source had a usual number of records."""

from flows.monitoring.deliveries import deliveries
from flows.monitoring.promises import BrokenPromise, Evaluated, Logs, Verdict, reached


def volume(logs: Logs) -> Evaluated:
    """Evaluate `volume` of each contract for its last complete delivery."""
    for name, found in logs.batches.items():
        promised = logs.contracts[name].spec().volume
        days = deliveries(found, promised, logs.now) if promised else []
        complete = [day for day in days if day.is_complete]
        if not complete:
            continue
        last = complete[-1]
        if last.band is None:
            yield Verdict.UNKNOWN
        elif last.is_usual:
            yield Verdict.KEPT
        else:
            usual = [number for number, day in enumerate(complete) if day.is_usual]
            first = complete[usual[-1] + 1 if usual else 0]
            low, high = last.band
            yield BrokenPromise(
                "volume",
                name,
                first.newest,
                f"the delivery of {last.day:%A, %Y-%m-%d} has {last.records:,} records, and "
                f"{low:,.0f} to {high:,.0f} are usual",
                reached(name),
                "compare it with its source; a later delivery with a usual number ends this",
            )
