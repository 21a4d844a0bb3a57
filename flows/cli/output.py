"""Output of the commands: consoles, grids, and the result of a flow."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Literal

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flows.config.errors import RunFailedError, SettingError

if TYPE_CHECKING:
    from flows.delta.outcome import Outcome


def escape_controls(text: str) -> str:
    """Return a text with its control characters escaped, except line breaks.

    File names and records may hold sequences that colour or clear a terminal, move the cursor, or
    reverse the direction of text.
    """
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class _Console(Console):
    """A console that prints texts literally: no markup, no emoji, no control sequences."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text to print; Rich calls this for every text, alone or in a grid."""
        return super().render_str(escape_controls(text), **options)


# A file or a pipe has no width; this one fits most rows on one line.
out = _Console(width=None if sys.stdout.isatty() else 120)
err = _Console(stderr=True)
# Many columns do not fit the width of a terminal; let their lines run on instead of folding them.
wide_out = _Console(width=10_000)


def configure_terminal() -> None:
    """Replace characters that the terminal's encoding lacks, and check the arguments' encoding.

    Raises:
        SettingError: an argument is not in the encoding of the locale.
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
                f"{sys.getfilesystemencoding()}; set LC_ALL=C.UTF-8, and use UTF-8"
            )
            raise SettingError(message) from error


def print_outcomes(command: str, work: Callable[[], Sequence["Outcome"]]) -> None:
    """Do some work and print which tables it changed, even if a part of it failed."""
    try:
        _print_outcomes(command, work(), {})
    except RunFailedError as failed:
        _print_outcomes(command, failed.outcomes, failed.undone)
        raise


def grid(
    columns: Iterable[str],
    rows: Iterable[Iterable[str]],
    justify: Literal["left", "right"] = "right",
) -> Table:
    """Return a table for the console; its first column is never wrapped."""
    first, *others = columns
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for column in others:
        table.add_column(column, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def format_cell(value: object) -> str:
    """Return a value as text for a cell of a grid."""
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _print_outcomes(command: str, outcomes: Sequence["Outcome"], undone: Mapping[str, str]) -> None:
    from flows.pipeline.summary import COLUMNS, headline, lines, remarks

    changed = [outcome for outcome in outcomes if outcome.changed]
    if changed or undone:
        out.print(grid(COLUMNS, lines(changed, undone)))
    out.print(f"{command}: {headline(outcomes, undone)}")
    for title, found in remarks(outcomes).items():
        if found:
            out.print(
                f"{title}:",
                *(Padding(line, (0, 0, 0, 2), expand=False) for line in found),
                sep="\n",
            )
