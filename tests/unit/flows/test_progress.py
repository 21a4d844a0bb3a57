"""What a terminal shows while steps run."""

from pathlib import Path

import pytest
from rich.console import Console

from flows.ingest import csv_reader
from flows.ingest.bytes_read import byte_counter, bytes_read, reading_for
from flows.ingest.csv_reader import inspect_csv, scan_records
from flows.pipeline.progress import Progress


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of 8 MB that is read in several pieces."""
    monkeypatch.setattr(csv_reader, "_PIECE_BYTES", 1 << 20)
    file = tmp_path / "orders.csv"
    file.write_text("a,b\n" + f"{'x' * 398},y\n" * 20_000)
    return file


def _shown(name: str) -> str:
    console = Console(width=80)
    progress = Progress("ingest", 1, console)
    progress.running([name])
    with console.capture() as capture:
        console.print(progress)
    return capture.get()


def test_progress_shows_the_bytes_of_a_file_while_its_table_reads_it(drop: Path) -> None:
    with reading_for("bronze.orders"):
        facts = inspect_csv(drop)
        assert "bronze.orders  checked 8 of 8 MB" in _shown("bronze.orders")
        frames = scan_records(drop, facts, ["a", "b"]).collect_batches(chunk_size=1)
        next(iter(frames))
        assert "bronze.orders  read " in _shown("bronze.orders")
        assert bytes_read("bronze.items") == ""
    assert "MB" not in _shown("bronze.orders")


def test_bytes_are_shown_as_megabytes_of_the_size_of_the_file() -> None:
    with reading_for("bronze.orders"):
        byte_counter("read", 980_400_000)(412_300_000)
        assert bytes_read("bronze.orders") == "read 412 of 980 MB"
    assert bytes_read("bronze.orders") == ""


def test_bytes_of_a_file_that_no_table_reads_are_not_shown(drop: Path) -> None:
    inspect_csv(drop)
    assert bytes_read("") == ""
