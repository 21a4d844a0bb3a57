"""Tests of the small charts of one bar per day."""

import re
from datetime import UTC, date, datetime, timedelta
from math import inf

import polars as pl
import pytest

from contracts.volume import Band
from flows.monitoring.deliveries import Delivery
from flows.site.charts.axes import COUNT, SHARE
from flows.site.charts.day_bars import day_bars, delivery_bars, describe, usual
from flows.site.charts.svg import chart_to_svg
from flows.site.formatting import DASH

AT = datetime(2018, 1, 1, tzinfo=UTC)


def delivery(
    day: int, records: int, *, usual: bool | None = True, band: Band | None = None
) -> Delivery:
    at = date(2018, 1, 1) + timedelta(days=day)
    return Delivery(at, records, AT, is_file=True, is_over=True, band=band, is_usual=usual)


def band(low: float, high: float) -> Band:
    return Band(low, high, lowest=low, highest=high, usual=None)


def test_delivery_bars_colour_unusual_and_growing_days() -> None:
    usual = band(40, 150)
    days = [
        delivery(0, 100, band=usual),
        delivery(1, 3, usual=False, band=usual),
        delivery(2, 30, usual=None, band=usual),
    ]
    svg = chart_to_svg(delivery_bars(days, 326))
    assert svg.count('fill="var(--step-1)"') == 3
    for colour in ("bar", "late", "superseded"):
        assert svg.count(f'fill="var(--{colour})"') == 1
    assert "<title>Tue 2018-01-02: 3 records (usual: 40 to 150)</title>" in svg


def test_delivery_bars_without_a_band_draw_none() -> None:
    svg = chart_to_svg(delivery_bars([delivery(0, 1)], 326))
    assert "step-1" not in svg
    assert "<title>Mon 2018-01-01: 1 record</title>" in svg


@pytest.mark.parametrize(
    ("known", "words"), [(None, DASH), (band(5, inf), "5 or more"), (band(0, 1200), "0 to 1,200")]
)
def test_usual_number_in_words(known: Band | None, words: str) -> None:
    assert usual(delivery(0, 1, band=known)) == words


def test_growing_day_says_so() -> None:
    assert describe(delivery(0, 7, usual=None)) == "Mon 2018-01-01: 7 records so far"


def test_labels_of_small_shares_differ() -> None:
    frame = pl.DataFrame({"day": ["2018-01-01"], "value": [0.0012], "tooltip": ["some"]})
    svg = chart_to_svg(day_bars(frame, 326, number_format=SHARE))
    assert re.findall(r">([\d.]+%)<", svg) == ["0%", "0.05%", "0.1%"]


def test_labels_of_small_counts_are_whole_numbers() -> None:
    frame = pl.DataFrame({"day": ["2018-01-01"], "value": [2], "tooltip": ["some"]})
    svg = chart_to_svg(day_bars(frame, 326, number_format=COUNT))
    assert re.findall(r">([\d.]+)<", svg) == ["0", "1", "2"]
    assert svg.count('opacity="0"') == 2, "the grid lines between them are invisible"
