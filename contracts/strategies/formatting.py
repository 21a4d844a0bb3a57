"""Frames in Hypothesis's reports, printed as code that creates them."""

from typing import Any

import polars as pl
from hypothesis.vendor import pretty

ROWS = 50


def show_frames_as_code() -> None:
    """Make Hypothesis print the frames of a failing example as code to paste into a test."""
    for kind, show in ((pl.DataFrame, _show), (pl.LazyFrame, _show_lazy)):
        pretty.for_type_by_name(kind.__module__, kind.__name__, show)


def _show(frame: pl.DataFrame, printer: Any, _cycle: bool) -> None:
    printer.text(frame.to_init_repr(ROWS).strip())


def _show_lazy(frame: pl.LazyFrame, printer: Any, _cycle: bool) -> None:
    _show(frame.collect(), printer, _cycle)
    printer.text(".lazy()")
