"""The settings of the OpenLineage client for one test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flows.pipeline import openlineage


@contextmanager
def openlineage_settings(**settings: str) -> Iterator[None]:
    """Send events as the settings say, with a new client and a new queue.

    The client copies its settings to other variables, which must not outlive the test.
    """
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
            environment.delenv(name)
        for name, value in settings.items():
            environment.setenv(name, value)
        openlineage.sender.cache_clear()
        yield
        openlineage.sender.cache_clear()
        for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
            del os.environ[name]
