"""Synthetic shops that the harness sends as events and ingests as files."""

import shutil
from pathlib import Path

from flows.kafka.event_spool import Event, read_spool, write_spool
from flows.sample import write_sample

ORDERS = 60
"""Orders per shop: about 850 events of all nine entities, with several versions of each order."""
DIRTY = 0.02


def shop(folder: Path, number: int) -> list[Event]:
    """Return the events of a shop in order; write its files if they do not exist."""
    there = _path(folder, number)
    if not there.exists():
        half = there.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)  # of a process that was killed here
        write_sample(half / "landing", ORDERS, seed=number, dirty=DIRTY)
        write_spool(str(half / "landing"), half)
        half.rename(there)
    return list(read_spool(there))


def landings(folder: Path) -> list[Path]:
    """Return the landing zones of the shops that have been opened."""
    return [there / "landing" for there in sorted((folder / "shops").glob("[0-9]" * 5))]


def _path(folder: Path, number: int) -> Path:
    return folder / "shops" / f"{number:05}"
