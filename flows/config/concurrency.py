"""One function for many tables, concurrently."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")


def for_each_table(
    function: Callable[[str, str], Result], lake: str, names: Sequence[str]
) -> dict[str, Result]:
    """Return the result of `function(lake, name)` for each table of a lake, by name.

    The calls run in threads, because on S3 each takes several requests one after the other.
    """
    with ThreadPoolExecutor() as pool:
        return dict(zip(names, pool.map(partial(function, lake), names), strict=True))
