"""Calls that a thread makes: in order, and without harm to those who add them."""

from functools import partial
from threading import Event
from time import monotonic

import pytest

from flows.pipeline.background_calls import BackgroundCalls


def fail() -> None:
    message = "no answer from https://user:hunter2@host/"
    raise OSError(message)


def test_calls_are_made_in_order() -> None:
    made = list[int]()
    calls = BackgroundCalls("test", "numbers are lost", 10)
    for number in range(5):
        calls.add(partial(made.append, number))
    calls.flush(60)
    assert made == [0, 1, 2, 3, 4]


def test_call_that_fails_is_logged_once_and_later_ones_are_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls, ended = BackgroundCalls("test", "events are lost", 10), Event()
    for call in (fail, fail, ended.set):
        calls.add(call)
    assert ended.wait(60)
    assert caplog.messages == [
        "events are lost: OSError: no answer from https://***@host/. The run goes on."
    ]


def test_calls_that_do_not_fit_are_dropped_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls, made = BackgroundCalls("test", "events are lost", 2), list[int]()
    started, go_on = Event(), Event()
    calls.add(started.set)
    calls.add(go_on.wait)
    assert started.wait(60)
    for number in range(6):
        calls.add(partial(made.append, number))
    go_on.set()
    calls.flush(60)
    assert 1 <= len(made) <= 3
    assert caplog.messages == [
        "events are lost: 2 are waiting, and new ones are dropped. The run goes on."
    ]


def test_flush_waits_for_a_late_call_once(caplog: pytest.LogCaptureFixture) -> None:
    calls, go_on = BackgroundCalls("test", "events are lost", 10), Event()
    calls.add(go_on.wait)
    calls.flush(0.01)
    before = monotonic()
    calls.flush(60)
    assert monotonic() - before < 30
    go_on.set()
    assert caplog.messages == ["events are lost: not done after 0.01 s. The run goes on."]
