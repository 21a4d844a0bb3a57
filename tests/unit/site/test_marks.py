"""Tests of the chart forms."""

import polars as pl

from flows.site.charts.marks import band


def test_band_begins_at_its_break() -> None:
    shares = pl.DataFrame({"share": [None, 0.0, 0.5, 0.89, 0.9, 1.0]})
    bands = shares.select(band(pl.col("share"), [0.5, 0.9], ["low", "middle", "high"]))
    assert bands.to_series().to_list() == [None, "low", "middle", "middle", "high", "high"]
