"""Retries with exponential backoff."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep

from confluent_kafka import KafkaException
from deltalake.exceptions import DeltaError

from flows.config.errors import one_line
from flows.config.masking import mask

logger = logging.getLogger(__name__)


class Backoff:
    """Retries an operation while storage, brokers or a commit conflict make it fail.

    Use one object per operation: a success resets the time limit.
    """

    def __init__(self, seconds: float, stop: Event) -> None:
        """Set the time limit.

        Args:
            seconds: how long an operation may keep failing.
            stop: once set, the limit is at most ten seconds.
        """
        self._seconds, self._stop = seconds, stop
        self._failing_since: float | None = None
        self._pause = _PAUSE

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._failing_since is not None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Suppress a temporary error and pause; raise it once the time limit is reached."""
        try:
            yield
        except (DeltaError, OSError, KafkaException) as error:
            if self._failing_since is None:
                self._failing_since = monotonic()
            stopping = self._stop.is_set()
            limit = min(self._seconds, _SECONDS_WHEN_STOPPING) if stopping else self._seconds
            if monotonic() - self._failing_since >= limit:
                raise
            logger.warning("%s; retrying", mask(one_line(_message(error))))
            (sleep if stopping else self._stop.wait)(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        else:
            self._failing_since, self._pause = None, _PAUSE


def _message(error: Exception) -> str:
    # A KafkaException wraps a KafkaError, whose text is easier to read.
    return error.args[0].str() if isinstance(error, KafkaException) else str(error)


_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_SECONDS_WHEN_STOPPING = 10.0
