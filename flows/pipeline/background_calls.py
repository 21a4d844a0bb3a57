"""A queue of calls that a thread of this process makes, one after the other."""

import logging
from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from threading import Event, Thread
from time import monotonic

from flows.config.errors import one_line
from flows.config.masking import mask

logger = logging.getLogger(__name__)


class BackgroundCalls:
    """Calls that no run waits for, and whose failure stops nothing.

    The first call that fails or finds the queue full is logged as a warning, later ones are not.
    """

    def __init__(self, name: str, loss: str, size: int) -> None:
        """Start the thread.

        Args:
            name: the name of the thread.
            loss: what is lost if calls are not made, as the beginning of the warning.
            size: how many calls may wait; while it is reached, new ones are dropped.
        """
        self._loss, self._queue = loss, Queue[Callable[[], object]](size)
        self._warned = self._stuck = False
        Thread(target=self._work, name=name, daemon=True).start()

    def add(self, call: Callable[[], object]) -> None:
        """Make a call later, after those that were added before."""
        try:
            self._queue.put_nowait(call)
        except Full:
            self._warn(f"{self._queue.maxsize:,} are waiting, and new ones are dropped")

    def flush(self, seconds: float) -> None:
        """Wait until the calls are made, but not after the last one failed or was late."""
        if self._stuck:
            return
        done, until = Event(), monotonic() + seconds
        with suppress(Full):
            self._queue.put(done.set, timeout=seconds)
        if not done.wait(until - monotonic()):
            self._stuck = True
            self._warn(f"not done after {seconds:g} s")

    def _work(self) -> None:
        while True:
            call = self._queue.get()
            try:
                call()
                self._stuck = False
            except Exception as error:  # noqa: BLE001 - no error of a call is worth a run
                self._stuck = True
                self._warn(f"{type(error).__name__}: {error}")

    def _warn(self, reason: str) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("%s: %s. The run goes on.", self._loss, mask(one_line(reason)))
