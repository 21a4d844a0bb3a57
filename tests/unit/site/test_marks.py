"""Tests of the chart forms."""

import re

import polars as pl

from flows.site.charts.marks import band, bar_chart, short_reais
from flows.site.charts.svg import chart_to_svg


def test_band_begins_at_its_break() -> None:
    shares = pl.DataFrame({"share": [None, 0.0, 0.5, 0.89, 0.9, 1.0]})
    bands = shares.select(band(pl.col("share"), [0.5, 0.9], ["low", "middle", "high"]))
    assert bands.to_series().to_list() == [None, "low", "middle", "middle", "high", "high"]


def test_short_amounts_have_three_digits() -> None:
    amounts = [1_099_618.22, 55_000, 999.6, 999.4, 63.2, 0]
    sold = pl.DataFrame({"name": list("abcdef"), "sales": amounts}, strict=False)
    svg = chart_to_svg(bar_chart(sold, 400, "name", "sales", "''", short_reais("sales")))
    assert re.findall(r">(R\$ [^<]+)<", svg) == [
        *("R$ 1.10M", "R$ 55.0k", "R$ 1.00k", "R$ 999", "R$ 63", "R$ 0")
    ]
