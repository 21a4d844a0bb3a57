"""How long what may pass by itself is tried again."""

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
    """Lets pass what may pass by itself (storage, brokers, a faster writer), but not for ever.

    Use one for each thing that is tried: what succeeds once may fail as long again.
    """

    def __init__(self, seconds: float, stop: Event) -> None:
        """Bear failures for so many seconds; for a few only once we are to stop."""
        self._seconds, self._stop = seconds, stop
        self._since: float | None = None
        self._pause = _PAUSE

    @property
    def failing(self) -> bool:
        """Tell whether the last try has failed."""
        return self._since is not None

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Swallow a failure and wait a moment; raise it when it has lasted too long."""
        try:
            yield
        except (DeltaError, OSError, KafkaException) as error:
            self._since = monotonic() if self._since is None else self._since
            stopping = self._stop.is_set()
            limit = min(self._seconds, _LAST_TRIES) if stopping else self._seconds
            if monotonic() - self._since >= limit:
                raise
            logger.warning("%s; trying again", mask(one_line(_words(error))))
            (sleep if stopping else self._stop.wait)(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        else:
            self._since, self._pause = None, _PAUSE


def _words(error: Exception) -> str:
    # An error of Kafka's client wraps one that speaks better of itself.
    return error.args[0].str() if isinstance(error, KafkaException) else str(error)


_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_LAST_TRIES = 10.0
