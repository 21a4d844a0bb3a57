"""What a person sees while steps run: a line for each running table, and a bar for all of them.

The line of a table that ingests a file says how far the file has been read.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from flows.ingest.bytes_read import bytes_read


class Progress:
    """The running steps of a run, live on standard error."""

    def __init__(self, title: str, total: int, console: Console) -> None:
        """Show nothing yet.

        Args:
            title: of the bar.
            total: the number of steps.
            console: where to print notes.
        """
        self._title, self._total, self._console = title, total, console
        self._running: dict[str, float] = {}
        self._done = 0

    def running(self, names: Sequence[str]) -> None:
        """Show these steps as running."""
        self._running = {name: self._running.get(name, monotonic()) for name in names}

    def ended(self) -> None:
        """Count a step that has ended. The log and the summary say what it did."""
        self._done += 1

    def note(self, line: str) -> None:
        """Print a line that everybody should see."""
        self._console.print(line, markup=False, style="yellow")

    def __rich__(self) -> Group:
        """Return what the terminal shows now."""
        lines, bar = Table.grid(padding=(0, 2)), Table.grid(padding=(0, 2))
        for name, since in self._running.items():
            lines.add_row(f"  {name}", bytes_read(name), f"{monotonic() - since:.1f} s")
        progress = ProgressBar(total=self._total, completed=self._done, width=40)
        bar.add_row(self._title, progress, f"{self._done} of {self._total}")
        return Group(lines, bar)


@contextmanager
def show_progress(title: str, total: int, *, quiet: bool = False) -> Iterator[Progress]:
    """Show the progress of steps on a terminal; elsewhere print only notes."""
    console = Console(stderr=True)
    progress = Progress(title, total, console)
    if not sys.stderr.isatty() or total == 0 or quiet:
        yield progress
        return
    with Live(progress, console=console, transient=True, refresh_per_second=8):
        yield progress
