"""Volume: whether the last delivery of each source had a usual number of records."""

from itertools import takewhile

from flows.monitoring.deliveries import Delivery, deliveries
from flows.monitoring.promises import BrokenPromise, Evaluated, Logs, Verdict, reached


def volume(logs: Logs) -> Evaluated:
    """Evaluate `volume` of each contract for its last delivery that can be compared."""
    found = {
        name: deliveries(batches, promised, logs.now)
        for name, batches in logs.batches.items()
        if (promised := logs.contracts[name].spec().volume)
    }
    levels = {
        (name, each.day): each.level
        for name, days in found.items()
        for each in days
        if each.level is not None
    }

    def is_usual(name: str, each: Delivery) -> bool | None:
        others = (levels.get((other, each.day)) for other in found if other != name)
        return each.is_usual([level for level in others if level is not None])

    for name, days in found.items():
        compared = (
            (each, usual) for each in reversed(days) if (usual := is_usual(name, each)) is not None
        )
        last, usual = next(compared, (None, True))
        if last is None:
            continue
        if last.band is None:
            yield Verdict.UNKNOWN
        elif usual:
            yield Verdict.KEPT
        else:
            *_, first = last, *(each for each, _ in takewhile(lambda it: not it[1], compared))
            low, high = last.band.low, last.band.high
            yield BrokenPromise(
                "volume",
                name,
                first.newest,
                f"the delivery of {last.day:%A, %Y-%m-%d} has {last.records:,} records, and "
                f"{low:,.0f} to {high:,.0f} are usual",
                reached(name),
                "compare it with its source; a later delivery with a usual number ends this",
            )
