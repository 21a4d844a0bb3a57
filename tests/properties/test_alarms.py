"""The law of alarms: who reads all of them knows what is broken, and reads nothing twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.monitoring.alarms import AlarmError, News, send_alarms
from flows.monitoring.check import Check
from flows.monitoring.promises import BrokenPromise

CHECKS = st.lists(
    st.tuples(st.sets(st.sampled_from(["orders", "sellers"])), st.booleans()), max_size=6
)
"""What each check finds broken, and whether its alarm can be sent."""


@settings(max_examples=30)
@given(CHECKS)
def test_reader_of_all_alarms_knows_what_is_broken(
    checks: Sequence[tuple[set[str], bool]],
) -> None:
    known, now = set[str](), datetime(2018, 6, 4, tzinfo=UTC)
    with TemporaryDirectory() as lake:
        for found, works in checks:
            now += timedelta(hours=1)
            try:
                send = partial(_receive, known=known, works=works)
                send_alarms(lake, _check(found, now), now, send)
            except AlarmError:
                assert not works
            else:
                assert known == found


def _check(found: set[str], now: datetime) -> Check:
    broken = [BrokenPromise("volume", each, now, "few", (), "look") for each in sorted(found)]
    return Check(broken, 2, 0)


def _receive(news: Sequence[News], *, known: set[str], works: bool) -> None:
    if not works:
        raise AlarmError
    for each in news:
        if each.broken:
            assert each.incident.cause not in known
            known.add(each.incident.cause)
        else:
            known.remove(each.incident.cause)
