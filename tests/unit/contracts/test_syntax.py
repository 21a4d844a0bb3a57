"""Parsing of source code in several threads."""

import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.syntax import parse


@pytest.fixture
def restless() -> Iterator[None]:
    """Switch between threads as often as possible, also while a tree is built."""

    def interrupt(_phase: str, _info: dict[str, int]) -> None:
        sum(range(50))

    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(20)
    gc.callbacks.append(interrupt)
    yield
    gc.callbacks.remove(interrupt)
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless")
def test_threads_can_parse_at_the_same_time() -> None:
    source = "x = " + "+".join(f"f({n}, [{n}])" for n in range(300))
    with ThreadPoolExecutor(8) as pool:
        trees = [*pool.map(parse, [source] * 500)]
    assert len(trees) == 500
