"""Work on tables whose failure names the damaged file."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from flows import delta
from flows.config.errors import ConservationError, TableError
from flows.delta.data_file_check import find_damage
from flows.delta.log_check import DamagedTableError
from transforms.graph import Table

P = ParamSpec("P")
Result = TypeVar("Result")


class PanicError(Exception):
    """A library panicked for a reason other than a damaged file."""


@contextmanager
def translate_damage_of(handles: Callable[[], Iterable[DeltaTable]]) -> Iterator[None]:
    """Name the table and file that cannot be read if the work inside the context fails.

    Args:
        handles: returns the tables that are read; called only after a failure.

    Raises:
        DamagedTableError: a data file is truncated, missing or not a Parquet file.
        PanicError: a library panicked for another reason. (A panic is not an `Exception`.)
    """
    try:
        yield
    except BaseException as error:
        panicked = type(error).__name__ == "PanicException"
        if not panicked and not (isinstance(error, Exception) and _may_be_damage(error)):
            raise
        for handle in handles():
            if damage := find_damage(handle):
                raise DamagedTableError(damage) from error
        if panicked:
            raise PanicError(str(error)) from error
        raise


def translate_damage(lake: str, names: Iterable[str]) -> AbstractContextManager[None]:
    """Return a context for work that reads tables of a lake; raises as `translate_damage_of`."""
    return translate_damage_of(lambda: _handles(lake, names))


def translates_damage(
    work: Callable[Concatenate[str, Table, P], Result],
) -> Callable[Concatenate[str, Table, P], Result]:
    """Decorate a function of a lake and a table: a failure names the damaged file, if any."""

    @wraps(work)
    def run(lake: str, table: Table, /, *args: P.args, **options: P.kwargs) -> Result:
        quarantine = [delta.quarantine_name(table.records)] if table.records else []
        with translate_damage(lake, [*table.input_names, table.name, *quarantine]):
            return work(lake, table, *args, **options)

    return run


def _handles(lake: str, names: Iterable[str]) -> Iterator[DeltaTable]:
    for name in names:
        with suppress(TableError, TableNotFoundError):
            yield delta.open_existing(lake, name)


def _may_be_damage(error: Exception) -> bool:
    if isinstance(error, TableError):
        return False
    # DuckDB reports what Polars raised as text only.
    mentioned = "PanicException" in str(error) or "arquet" in str(error)
    return mentioned or isinstance(error, pl.exceptions.PolarsError | ConservationError | OSError)
