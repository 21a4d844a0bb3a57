"""The same question to many tables."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

Said = TypeVar("Said")


def for_each_table(
    ask: Callable[[str, str], Said], lake: str, names: Sequence[str]
) -> dict[str, Said]:
    """Return what a function says of each table of a lake, by name.

    They are asked side by side: on S3 each answer takes several requests, one after the other.
    """
    with ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(partial(ask, lake), names), strict=True))
