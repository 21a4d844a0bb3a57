"""Retries end after their time limit."""

from threading import Event

import pytest

from flows.kafka import backoff
from flows.kafka.backoff import Backoff


def fail(retries: Backoff, error: type[Exception] = TimeoutError) -> None:
    with retries.attempt():
        raise error


def test_backoff_suppresses_a_failure_until_an_attempt_succeeds() -> None:
    retries = Backoff(60, Event())
    fail(retries)
    assert retries.failing
    with retries.attempt():
        pass
    assert not retries.failing


def test_backoff_raises_after_its_time_limit() -> None:
    retries = Backoff(0.2, Event())
    fail(retries)
    fail(retries)
    with pytest.raises(TimeoutError):
        fail(retries)


def test_backoff_gives_up_sooner_when_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "_SECONDS_WHEN_STOPPING", 0.0)
    stop = Event()
    retries = Backoff(60, stop)
    fail(retries)
    stop.set()
    with pytest.raises(TimeoutError):
        fail(retries)


def test_backoff_raises_a_permanent_error_at_once() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - `fail` raises it without a message
        fail(Backoff(60, Event()), ValueError)
