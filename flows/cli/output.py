"""Output of the commands: consoles, grids, and the result of a flow."""

import sys
from collections.abc import Callable, Mapping, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from flows.config.errors import RunFailedError, SettingError
from flows.config.fold import fold
from flows.config.grid import escape_controls, format_cell, print_grid, titled

if TYPE_CHECKING:
    from flows.delta.outcome import Outcome

__all__ = [
    "configure_terminal",
    "err",
    "escape_controls",
    "format_cell",
    "out",
    "print_grid",
    "print_line",
    "print_outcomes",
    "print_titled",
]


class _Console(Console):
    """A console that prints texts literally: no markup, no emoji, no control sequences."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text to print; Rich calls this for every text, alone or in a grid."""
        return super().render_str(escape_controls(text), **options)


out = _Console()
err = _Console(stderr=True)


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
    """Do some work and print which tables it changed, even if a part of it failed.

    Args:
        command: the beginning of the last line; if empty, print nothing.
        work: returns the outcomes.
    """
    try:
        _print_outcomes(command, work(), {})
    except RunFailedError as failed:
        _print_outcomes(command, failed.outcomes, failed.undone)
        raise


def _print_outcomes(command: str, outcomes: Sequence["Outcome"], undone: Mapping[str, str]) -> None:
    if not command:
        return

    from flows.pipeline.summary import COLUMNS, OPTIONAL, headline, lines, remarks

    changed = [outcome for outcome in outcomes if outcome.changed]
    if changed or undone:
        print_grid(out, COLUMNS, lines(changed, undone), optional=OPTIONAL)
    print_titled(remarks(outcomes))
    print_line(f"{command}: {headline(outcomes, undone)}")


def print_line(line: str, console: Console = out, style: str | None = None) -> None:
    """Print a line, which a terminal shows folded between words."""
    text = fold(line, console.width) if console.is_terminal else line
    console.print(text, style=style, soft_wrap=True)


def print_titled(lines: Mapping[str, Sequence[str]]) -> None:
    """Print lines under their titles, indented."""
    for line in titled(lines):
        print_line(line)
