"""What the shapes of charts make of their rows."""

import polars as pl

from flows.site.charts.marks import banded


def test_each_break_begins_the_next_band() -> None:
    shares = pl.DataFrame({"share": [None, 0.0, 0.5, 0.89, 0.9, 1.0]})
    bands = shares.select(banded(pl.col("share"), [0.5, 0.9], ["low", "middle", "high"]))
    assert bands.to_series().to_list() == [None, "low", "middle", "middle", "high", "high"]
