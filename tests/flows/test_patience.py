"""What may pass is borne for so long, and no longer."""

from threading import Event

import pytest

from flows.kafka import backoff
from flows.kafka.backoff import Backoff


def fail(bearing: Backoff, how: type[Exception] = TimeoutError) -> None:
    with bearing.trying():
        raise how


def test_a_failure_is_borne_and_noted_until_something_succeeds() -> None:
    bearing = Backoff(60, Event())
    fail(bearing)
    assert bearing.failing
    with bearing.trying():
        pass
    assert not bearing.failing


def test_what_lasts_is_raised() -> None:
    bearing = Backoff(0.2, Event())
    fail(bearing)
    fail(bearing)
    with pytest.raises(TimeoutError):
        fail(bearing)


def test_who_is_to_stop_gives_up_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "_LAST_TRIES", 0.0)
    stop = Event()
    bearing = Backoff(60, stop)
    fail(bearing)
    stop.set()
    with pytest.raises(TimeoutError):
        fail(bearing)


def test_what_cannot_pass_is_raised_at_once() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the one that `fail` raises here
        fail(Backoff(60, Event()), ValueError)
