"""OpenLineage events of runs and their steps. A thread sends them, so a run never waits for them.

The client of OpenLineage reads where to send them from its own settings, such as OPENLINEAGE_URL.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from flows.config.extras import require
from flows.pipeline.background_calls import BackgroundCalls
from flows.pipeline.step import Step, T
from flows.pipeline.written_table import WrittenTable

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient

QUEUE_SIZE = 1_000
FLUSH_SECONDS = 2.0
"""How long the end of a run waits for the last events."""


@dataclass
class Run:
    """A run that is reported."""

    id: str
    """Empty if no receiver is configured."""
    failures: list[str] = field(default_factory=list)
    """Why it failed, if it did."""
    topics: list[tuple[str, str]] = field(default_factory=list)
    """The address of Kafka and the name of each topic that was read."""
    written: list[WrittenTable] = field(default_factory=list)


@contextmanager
def observed_run(command: str, lake: str) -> Iterator[Run]:
    """Report the start and the end of a run, which is the parent of its steps.

    Args:
        command: such as `refresh`.
        lake: the location of the tables.
    """
    if not is_configured():
        yield Run("")
        return
    run = Run(str(uuid4()))
    report = partial(_report, id=run.id, command=command, lake=lake)
    report("START")
    try:
        yield run
    except Exception as error:
        report("FAIL", error=f"{type(error).__name__}: {error}")
        raise
    except BaseException as error:
        report("ABORT", error=type(error).__name__)
        raise
    else:
        report(
            "FAIL" if run.failures else "COMPLETE",
            error="; ".join(run.failures),
            topics=run.topics,
            written=run.written,
        )
    finally:
        flush()


def observed_step(command: str, lake: str, step: Step[T]) -> T:
    """Do the work of a step, and report its start and its end. Each attempt is a run of its own."""
    if not step.run or not step.contract or not is_configured():
        return step.work()
    report = partial(_report, id=str(uuid4()), command=command, lake=lake, step=step)
    report("START")
    try:
        outcome = step.work()
    except BaseException as error:
        report("FAIL", error=f"{type(error).__name__}: {error}")
        raise
    report("COMPLETE", outcome=outcome)
    return outcome


def is_configured() -> bool:
    """Return whether the environment says where to send events."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    return any(
        value and (name in _VARIABLES or name.startswith("OPENLINEAGE__TRANSPORT__"))
        for name, value in os.environ.items()
    )


_VARIABLES = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")


def flush() -> None:
    """Wait a moment for the events that this process has not sent yet."""
    if is_configured():
        calls, _ = sender()
        calls.flush(FLUSH_SECONDS)


@cache
def sender() -> tuple[BackgroundCalls, Callable[[], "OpenLineageClient"]]:
    """Return the queue of this process, and the client that its thread uses."""
    return BackgroundCalls(_THREAD, "OpenLineage events are lost", QUEUE_SIZE), cache(_client)


_THREAD = "openlineage"


def _report(state: str, **facts: Any) -> None:
    calls, client = sender()
    calls.add(partial(_send, client, state=state, at=datetime.now(UTC), **facts))


def _send(client: Callable[[], "OpenLineageClient"], **facts: Any) -> None:
    require("openlineage", "OPENLINEAGE_URL sends events")
    from flows.pipeline.openlineage_events import event

    client().emit(event(**facts))


def _client() -> "OpenLineageClient":
    """Return a client with the settings of the environment."""
    from openlineage.client import OpenLineageClient

    # One warning about a dead receiver is enough, instead of one for each attempt.
    logging.getLogger("openlineage").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3.connectionpool").addFilter(lambda log: log.threadName != _THREAD)
    # Without this setting, each event names the git repository of the working directory.
    nameless = {"facets": {"source_code_location": {"disabled": True}}}
    return OpenLineageClient(config=nameless)
