"""How figures, times and docstrings are written in a page."""

import re
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape


def percent(share: float) -> str:
    """Say a share so that little is not nothing, and almost all not all."""
    if share in {0, 1}:
        return f"{share:.0%}"
    said = f"{share:.1%}"
    return {"0.0%": "< 0.1%", "100.0%": "> 99.9%"}.get(said, said)


def moment(at: datetime) -> str:
    """Say a time to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def value(found: Any) -> str:
    """Say a value of a column; of a number with a fraction two digits of it."""
    if isinstance(found, datetime):
        return moment(found)
    return f"{found:.2f}" if isinstance(found, float) else str(found)


def prose(docstring: str) -> Markup:
    """Make a docstring a line of HTML: what stands in backticks is code."""
    line = str(escape(" ".join(docstring.split())))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", line))  # noqa: S704 - escaped above
