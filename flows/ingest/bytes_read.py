"""How far the files that are being ingested have been read; a terminal shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_table: ContextVar[str] = ContextVar("table", default="")
_read: dict[str, str] = {}


def bytes_read(table: str) -> str:
    """Return how far the table's file has been read: "read 412 of 980 MB"; empty if none is."""
    return _read.get(table, "")


@contextmanager
def reading_for(table: str) -> Iterator[None]:
    """Let `bytes_read` show the files that this thread begins to read in the context."""
    token = _table.set(table)
    try:
        yield
    finally:
        _table.reset(token)
        _read.pop(table, None)


def byte_counter(verb: str, size: int) -> Callable[[int], None]:
    """Return a function to call, from any thread, with the number of bytes done so far.

    Args:
        verb: what is done to the file.
        size: the bytes of the file.
    """
    table = _table.get()

    def show(done: int) -> None:
        if table and size >= _MB:
            _read[table] = f"{verb} {done / _MB:,.0f} of {size / _MB:,.0f} MB"

    return show


_MB = 1_000_000
