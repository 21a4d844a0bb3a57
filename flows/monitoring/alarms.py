"""Alarms: one when a promise is broken, and one when it is kept again.

A check claims its news in the table of incidents, sends them, and then records them as sent. So one
of several checks at the same time sends an alarm. It is sent at least once: if it cannot be sent,
the next check sends it; if the process dies before it has recorded that, a later check does.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from deltalake.exceptions import DeltaError

from flows.config.errors import TableError, one_line
from flows.config.masking import mask
from flows.delta.incidents import BROKEN, Incident, change_incidents
from flows.monitoring.check import Check
from flows.monitoring.promises import BrokenPromise

CLAIMED = timedelta(minutes=10)
"""After this time, a claim of a check that has not recorded its end is void."""


class AlarmError(Exception):
    """An alarm cannot be sent or recorded; the message shows no secret."""


class News(NamedTuple):
    """A promise that is newly broken, or kept again."""

    incident: Incident
    broken: BrokenPromise | None
    """The promise as it is broken now; None if it is kept again."""

    def __str__(self) -> str:
        """Return the line that people read."""
        if self.broken:
            return str(self.broken)
        each = self.incident
        return (
            f"{each.cause}: the promise of {each.promise} is kept again; it was broken since "
            f"{each.since:%Y-%m-%d %H:%M} UTC ({each.problem})"
        )


Send = Callable[[Sequence[News]], None]
"""Sends news, or raises an `AlarmError`."""


def send_alarms(lake: str, found: Check, now: datetime, send: Send) -> None:
    """Send an alarm about what is new since the last check, if anything is.

    Args:
        lake: location of the tables.
        found: the promises, checked just now.
        now: the time of the check.
        send: sends the alarm.

    Raises:
        AlarmError: it cannot be sent or recorded; says whether it was sent.
    """
    claim, broken = str(uuid4()), {_key(each): each for each in found.broken}
    with _errors_as("no alarm is sent, because the table of incidents cannot be written"):
        known = change_incidents(
            lake, lambda known: [_claim(each, broken, claim) for each in _seen(known, broken, now)]
        )
    mine = [each for each in known if each.claim == claim]
    if not mine:
        return
    try:
        send([News(each, None if each.resolved_at else broken[_key(each)]) for each in mine])
    except BaseException:
        with suppress(AlarmError), _errors_as("the claim expires"):
            change_incidents(lake, lambda known: [_end(each, mine, sent=False) for each in known])
        raise
    with _errors_as("the alarm is sent, and may be sent again, because that cannot be recorded"):
        change_incidents(lake, lambda known: [_end(each, mine, sent=True) for each in known])


Key = tuple[str, str, str]
"""What identifies a promise: its kind, the table of its cause, and its rule."""


def _key(each: Incident | BrokenPromise) -> Key:
    return each.promise, each.cause, each.rule


def _seen(
    known: Sequence[Incident], broken: Mapping[Key, BrokenPromise], now: datetime
) -> list[Incident]:
    """Return the incidents after a check: new ones, and those that it finds resolved."""
    # A stale source hides whether the tables downstream are fresh.
    hidden = {(each.promise, table) for each in broken.values() for table in each.affected}

    def is_over(each: Incident) -> bool:
        is_broken = _key(each) in broken or (each.promise, each.cause) in hidden
        return each.since <= now and not (each.resolved_at or is_broken)

    open_ = {_key(each) for each in known if not each.resolved_at}
    return [
        *(each._replace(resolved_at=now) if is_over(each) else each for each in known),
        *(Incident(*key, b.problem, b.since) for key, b in broken.items() if key not in open_),
    ]


def _claim(each: Incident, broken: Container[Key], claim: str) -> Incident:
    """Claim an incident if it is news, and no other check is sending it."""
    # If no alarm was sent when the promise broke, none is sent when it is kept again.
    is_news = each.sent == BROKEN if each.resolved_at else not each.sent and _key(each) in broken
    at = datetime.now(UTC)
    if not is_news or (each.claimed_at and at - each.claimed_at < CLAIMED):
        return each
    return each._replace(claim=claim, claimed_at=at)


def _end(each: Incident, mine: Sequence[Incident], *, sent: bool) -> Incident:
    """End the claim of one of our incidents."""
    for was in mine:
        if (each.claim, _key(each), each.since) == (was.claim, _key(was), was.since):
            ended = each._replace(claim=None, claimed_at=None)
            return ended._replace(sent=was.state, sent_at=datetime.now(UTC)) if sent else ended
    return each


@contextmanager
def _errors_as(consequence: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError, TableError) as error:
        message = f"{consequence}: {mask(one_line(str(error)))}"
        raise AlarmError(message) from error
