"""The rules of every raw record, whatever its table."""

import polars as pl

from contracts.plausible_times import CLOCK_TOLERANCE
from contracts.rules import Rule
from transforms.validation import FUTURE, UNREADABLE

_READABLE = "The record has as many fields as the header, and every quote is closed."
_MINUTES = CLOCK_TOLERANCE.seconds // 60
_NOT_IN_FUTURE = f"The time of the event or file is at most {_MINUTES} minutes in the future."

RECORD_RULES = (
    Rule(UNREADABLE, pl.lit(value=True), description=_READABLE),
    Rule(FUTURE, pl.lit(value=True), description=_NOT_IN_FUTURE),
)
"""The rules; their expressions are placeholders."""
