"""What libraries say, as a line of ours."""

from rich.text import Text


def one_line(said: str) -> str:
    """Return a text without line breaks, and without the colours that deltalake gives its own."""
    return " ".join(Text.from_ansi(said).plain.split())
