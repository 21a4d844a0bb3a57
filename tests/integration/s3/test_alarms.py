"""Alarms of a lake on S3."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from flows.delta.incidents import incidents
from flows.monitoring.alarms import News, send_alarms
from flows.monitoring.check import Check
from flows.monitoring.promises import BrokenPromise

MONDAY = datetime(2018, 6, 4, 9, tzinfo=UTC)


def test_one_of_several_checks_at_the_same_time_sends_the_alarm(on_s3: str) -> None:
    found = Check([BrokenPromise("volume", "bronze.orders", MONDAY, "few", (), "look")], 1, 0)
    together, sent = Barrier(3), list[News]()

    def check() -> None:
        together.wait()
        send_alarms(on_s3, found, MONDAY, sent.extend)

    with ThreadPoolExecutor(3) as pool:
        started = [pool.submit(check) for _ in range(3)]
    assert [each.result() for each in started] == [None] * 3
    assert len(sent) == 1
    assert [each.sent for each in incidents(on_s3)] == ["broken"]
