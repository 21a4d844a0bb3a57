"""A file that landed, and whether its writer has finished it."""

from pathlib import Path
from typing import NamedTuple

from flows.config.settings import Settings
from flows.ingest.csv_diagnosis import HEAD, diagnose_format
from flows.ingest.file_state import FileNotReadyError, FileState
from flows.ingest.landing_zone import File


class LandedFile(NamedTuple):
    """A file in the landing zone, its state when it was opened, and the local path to read."""

    file: File
    state: FileState
    path: Path


def check_complete(landed: LandedFile) -> None:
    """Raise if a file changed recently and ends in the middle of a record.

    A file of another format passes: waiting does not turn it into CSV.
    """
    if not (recent := _recent_change(landed.state)):
        return
    quotes, last = 0, b""
    with landed.path.open("rb") as opened:
        head = opened.read(HEAD)
        if b"\0" in head or diagnose_format(head):
            return
        opened.seek(0)
        while part := opened.read(_PART):
            quotes, last = quotes + part.count(b'"'), part[-1:]
    # If the number of quotes is odd, the last line end is inside a quoted field.
    if last != b"\n" or quotes % 2:
        name = landed.file.name
        message = f"{name}: {recent} and ends in the middle of a record; not ingested yet"
        raise FileNotReadyError(message)


def check_quiet(landed: LandedFile) -> None:
    """Raise if a file changed recently: its writer may have paused and may write more."""
    if recent := _recent_change(landed.state):
        message = f"{landed.file.name}: {recent}; ingested, but not archived yet"
        raise FileNotReadyError(message)


_PART = 1 << 20


def _recent_change(state: FileState) -> str:
    seconds = state.quiet_seconds()
    return f"changed {seconds:.0f} s ago" if seconds < Settings().quiet_seconds else ""
