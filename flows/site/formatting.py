"""Formats of numbers, times and docstrings on a page."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

DASH = "\N{EN DASH}"
"""The text of a missing value."""


def percent(share: float) -> str:
    """Format a share; a small share is never shown as 0%, and a large one never as 100%."""
    if share in {0, 1, -1}:
        return f"{share:.0%}"
    if abs(share) < _SMALLEST:
        return "< 0.1%" if share > 0 else "> -0.1%"
    text = f"{share:,.1%}"
    return {"100.0%": "> 99.9%", "-100.0%": "< -99.9%"}.get(text, text)


def timestamp(time: datetime) -> str:
    """Format a time to the minute."""
    return f"{time:%Y-%m-%d %H:%M}"


def statistic(value: Any) -> str:
    """Format a value of a column; a number with a fraction gets two digits."""
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Decimal):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def prose(docstring: str) -> Markup:
    """Return a docstring as one line of HTML, with the text in backticks as code."""
    line = str(escape(" ".join(docstring.split())))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", line))  # noqa: S704 - escaped above


def reais(amount: Decimal) -> str:
    """Format an amount of money; a line never breaks between the sign and the number."""
    return f"R$\N{NO-BREAK SPACE}{amount:,.2f}"


def month_name(month: str) -> str:
    """Return "August 2018" for "2018-08"."""
    return f"{datetime.strptime(month, '%Y-%m'):%B %Y}"  # noqa: DTZ007 - a month has no zone


def relative_change(now: float | Decimal | None, before: float | Decimal | None) -> float | None:
    """Return the change since `before`: 0.1 is ten percent more; None if it is not defined."""
    return float(now / before) - 1 if now is not None and before else None  # type: ignore[operator]  # callers pass two numbers of one type


_SMALLEST = 0.0005
"""The smallest share that does not round to 0.0%."""
