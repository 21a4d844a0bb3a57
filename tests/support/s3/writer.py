"""One of several concurrent writers of a lake: `python -m tests.support.s3.writer SOURCE LAKE`.

It starts when its standard input ends, and retries after each conflict with another writer.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from deltalake.exceptions import DeltaError

from flows import delta
from flows.delta.outcome import Outcome
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.refresh.tables import refresh_table
from transforms.graph import tables

AS_OF = datetime(2018, 10, 1, tzinfo=UTC)


def write(source: str, lake: str) -> None:
    """Ingest the landing zone, then refresh every table that has all its inputs."""
    there = {contract: files for contract, files in find_files(source)[0].items() if files}
    for contract, files in there.items():
        _until_it_works(partial(ingest_table, lake, contract, files, as_of=AS_OF))
    for table in tables().values():
        if all(delta.exists(lake, name) for name in table.input_names):
            _until_it_works(partial(refresh_table, lake, table))


_TRIES = 50


def _until_it_works(work: Callable[[], Outcome]) -> Outcome:
    for _ in range(_TRIES):
        try:
            return work()
        except DeltaError as error:
            last = error
    raise last


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.read()
    write(sys.argv[1], sys.argv[2])
