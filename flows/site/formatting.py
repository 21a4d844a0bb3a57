"""How figures, times and docstrings are written in a page."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

DASH = "\N{EN DASH}"
"""What stands where there is no figure."""


def percent(share: float, digits: int = 1) -> str:
    """Say a share so that little is not nothing, and almost all not all."""
    if share in {0, 1, -1}:
        return f"{share:.0%}"
    least = 10.0 ** -(digits + 2)
    if abs(share) < least / 2:
        return f"{'<' if share > 0 else '> -'} {least:.{digits}%}".replace("- ", "-")
    said = f"{share:,.{digits}%}"
    all_but = f"{1 - least:.{digits}%}"
    return {f"{1:.{digits}%}": f"> {all_but}", f"{-1:.{digits}%}": f"< -{all_but}"}.get(said, said)


def moment(at: datetime) -> str:
    """Say a time to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def value(found: Any) -> str:
    """Say a value of a column; of a number with a fraction two digits of it."""
    if isinstance(found, datetime):
        return moment(found)
    if isinstance(found, Decimal):
        return f"{found:,}"
    return f"{found:,.2f}" if isinstance(found, float) else str(found)


def prose(docstring: str) -> Markup:
    """Make a docstring a line of HTML: what stands in backticks is code."""
    line = str(escape(" ".join(docstring.split())))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", line))  # noqa: S704 - escaped above


def reais(amount: Decimal) -> str:
    """Say an amount of money, which no end of a line parts from its sign."""
    return f"R$\N{NO-BREAK SPACE}{amount:,.2f}"


def month(written: str) -> str:
    """Name a month that is written as yyyy-mm."""
    return f"{datetime.strptime(written, '%Y-%m'):%B %Y}"  # noqa: DTZ007 - a month has no zone


def change(now: float | Decimal | None, before: float | Decimal | None) -> float | None:
    """Return the change against what was before: 0.1 is a tenth more; none against nothing."""
    return float(now / before) - 1 if now is not None and before else None  # type: ignore[operator]  # both are of one kind


def moved(by: float | None) -> str:
    """Say in words how an amount changed."""
    if by is None:
        return "came"
    said = percent(abs(by))
    return "stayed the same" if by == 0 else f"{'rose' if by > 0 else 'fell'} by {said}"
