"""The text of HTML pages."""

import re
from pathlib import Path


def words(page: Path) -> str:
    """Return the text of a page on one line, with a space for each tag."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.read_text()).split())
