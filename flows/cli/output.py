"""What commands print: grids on the terminal, and what became of a run."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import TextIOWrapper
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flows.config.errors import SettingError
from flows.delta.outcome import Outcome, RunFailedError


def visible(text: str) -> str:
    """Return a text whose control characters are seen, not obeyed; a line may break.

    A file name or a record may hold what colours, moves, clears or turns around a terminal.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class _Console(Console):
    """A console that shows texts as they are: no markup, no emoji, no control sequences."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text to show; each one that is printed, alone or in a grid, passes here."""
        return super().render_str(visible(text), **options)


# A file or a pipe has no width: give it one that shows a row on a line.
out = _Console(width=None if sys.stdout.isatty() else 120)
err = _Console(stderr=True)
# Many columns folded into the width of a terminal are slivers: their lines run on instead.
wide = _Console(width=10_000)


def prepare() -> None:
    """Let the terminal show what it can, whatever its encoding.

    Raises:
        SettingError: an argument is in another encoding than the locale says.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    for number, argument in enumerate(sys.argv[1:], 1):
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            message = (
                f"argument {number} is not text in the encoding of the locale, "
                f"{sys.getfilesystemencoding()}; set LC_ALL=C.UTF-8, and write it in UTF-8"
            )
            raise SettingError(message) from error


def report(doing: str, flow: Callable[[], Sequence[Outcome]]) -> None:
    """Run a flow and show which tables it changed, also when some of it failed."""
    try:
        _show(doing, flow(), {})
    except RunFailedError as failed:
        _show(doing, failed.outcomes, failed.undone)
        raise


def grid(
    columns: Iterable[str],
    rows: Iterable[Iterable[str]],
    justify: Literal["left", "right"] = "right",
) -> Table:
    """Return a table whose first column is never wrapped."""
    first, *others = columns
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for column in others:
        table.add_column(column, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def cell(value: object) -> str:
    """Return a value as a cell of a grid shows it."""
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _show(doing: str, outcomes: Sequence[Outcome], undone: Mapping[str, str]) -> None:
    from flows.pipeline.summary import COLUMNS, headline, lines, remarks

    changed = [outcome for outcome in outcomes if outcome.changed]
    if changed or undone:
        out.print(grid(COLUMNS, lines(changed, undone)))
    out.print(f"{doing}: {headline(outcomes, undone)}")
    for title, found in remarks(outcomes).items():
        if found:
            out.print(
                f"{title}:",
                *(Padding(line, (0, 0, 0, 2), expand=False) for line in found),
                sep="\n",
            )
