"""Volume: whether the last delivery of each source had a usual number of records."""

from itertools import takewhile

from flows.monitoring.deliveries import Delivery, deliveries
from flows.monitoring.promises import BrokenPromise, Evaluated, Logs, Verdict, reached


def volume(logs: Logs) -> Evaluated:
    """Evaluate `volume` of each contract for its last delivery that can be compared."""
    for name, days in source_deliveries(logs).items():
        if not logs.contracts[name].spec().volume:
            continue
        compared = (each for each in reversed(days) if each.is_usual is not None)
        last = next(compared, None)
        if last is None:
            continue
        if last.band is None:
            yield Verdict.UNKNOWN
        elif last.is_usual:
            yield Verdict.KEPT
        else:
            *_, first = last, *takewhile(lambda each: not each.is_usual, compared)
            low, high = last.band.low, last.band.high
            yield BrokenPromise(
                "volume",
                name,
                first.newest,
                f"the delivery of {last.day:%A, %Y-%m-%d} has {last.records:,} records "
                f"(usual: {low:,.0f} to {high:,.0f})",
                reached(name),
                "compare it with its source; a later delivery with a usual number ends this",
            )


def source_deliveries(logs: Logs) -> dict[str, list[Delivery]]:
    """Return the deliveries of each source, oldest first; with a band if one is promised."""
    promised = {name: logs.contracts[name].spec().volume for name in logs.batches}
    return deliveries(logs.batches, promised, logs.now)
