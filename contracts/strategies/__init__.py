"""Hypothesis strategies that are derived from contracts: frames that keep them, or just do not.

For tests, of this project and of those that build on it (`pip install '.[testing]'`).
"""

from contracts.strategies.broken import Broken, breakable, broken
from contracts.strategies.related import related
from contracts.strategies.shown import show_frames_as_code
from contracts.strategies.valid import valid
from contracts.strategies.written import written

__all__ = [
    "Broken",
    "breakable",
    "broken",
    "related",
    "show_frames_as_code",
    "valid",
    "written",
]
