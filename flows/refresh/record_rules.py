"""The rules of every raw record, whatever its table."""

import polars as pl

from contracts.plausible_times import CLOCK_TOLERANCE
from contracts.rules import Rule
from contracts.technical_columns import DELETE, UPSERT
from transforms.validation import FUTURE, OPERATION, UNREADABLE

_READABLE = "The record has as many fields as the header, and every quote is closed."
_MINUTES = CLOCK_TOLERANCE.seconds // 60
_NOT_IN_FUTURE = f"The time of the event or file is at most {_MINUTES} minutes in the future."
_OPERATION_IS_KNOWN = f"The operation is `{UPSERT}` or `{DELETE}`; without one it is `{UPSERT}`."

RECORD_RULES = (
    Rule(UNREADABLE, pl.lit(value=True), description=_READABLE),
    Rule(FUTURE, pl.lit(value=True), description=_NOT_IN_FUTURE),
    Rule(OPERATION, pl.lit(value=True), description=_OPERATION_IS_KNOWN),
)
"""The rules; their expressions are placeholders."""
