"""Ctrl-C during a run: the first one lets the running steps finish, the second one ends at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event


@contextmanager
def first_interrupt() -> Iterator[Event]:
    """Return an event that the first Ctrl-C sets; the second one raises KeyboardInterrupt.

    Outside of the main thread, Python leaves signals alone, and so does this.
    """
    asked = Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def interrupt(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # a shell sets it for a process in the background
        yield asked
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
