"""Hypothesis strategies derived from contracts: valid frames, and frames that break one rule.

They are for tests, of this project and of projects that build on it (`pip install '.[testing]'`).
"""

from contracts.strategies.broken import Broken, breakable, broken
from contracts.strategies.formatting import show_frames_as_code
from contracts.strategies.raw_text import to_raw_text
from contracts.strategies.related import related
from contracts.strategies.valid import valid

__all__ = [
    "Broken",
    "breakable",
    "broken",
    "related",
    "show_frames_as_code",
    "to_raw_text",
    "valid",
]
