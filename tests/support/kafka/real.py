"""A real Kafka as a fixture."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.kafka.broker import Broker, BrokerError, kafka


@pytest.fixture(scope="session")
def real_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real broker; without Java and Maven, tests that need it are skipped, except in CI.

    All tests share it, so each uses its own topics and groups.
    """
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(kafka(tmp_path_factory.mktemp("kafka")))
        except BrokerError as reason:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"a real Kafka needs Java 17 and Maven: {reason}")
        yield broker
