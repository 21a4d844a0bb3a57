"""Work on tables whose failure names the file that is damaged."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from flows import delta
from flows.config.errors import TableError
from flows.delta.data_file_check import translate_damage_of
from transforms.graph import Table

P = ParamSpec("P")
Result = TypeVar("Result")


def translate_damage(lake: str, names: Iterable[str]) -> AbstractContextManager[None]:
    """Return a context for work that reads tables of a lake; raises as `translate_damage_of`."""
    return translate_damage_of(lambda: _handles(lake, names))


def translates_damage(
    work: Callable[Concatenate[str, Table, P], Result],
) -> Callable[Concatenate[str, Table, P], Result]:
    """Return a function of a lake and a table whose failure names the damaged file, if one is."""

    @wraps(work)
    def run(lake: str, table: Table, /, *args: P.args, **options: P.kwargs) -> Result:
        quarantine = [delta.quarantine_name(table.source)] if table.source else []
        with translate_damage(lake, [*table.input_names, table.name, *quarantine]):
            return work(lake, table, *args, **options)

    return run


def _handles(lake: str, names: Iterable[str]) -> Iterator[DeltaTable]:
    for name in names:
        with suppress(TableError, TableNotFoundError):
            yield delta.open_existing(lake, name)
