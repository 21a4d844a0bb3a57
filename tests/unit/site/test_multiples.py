"""Tests of small charts side by side."""

import re

import polars as pl

from flows.site.charts.multiples import column_multiples, range_multiples
from flows.site.charts.svg import chart_to_svg

SOLD = pl.DataFrame(
    {
        "category": ["toys", "toys", "books", "books"],
        "month": ["2018-01", "2018-02"] * 2,
        "sales": [10.0, 20.0, 0.0, 5.0],
    }
)


def test_column_multiples_have_a_title_and_one_scale() -> None:
    tooltip = "datum.category + ' ' + datum.sales"
    chart = column_multiples(
        SOLD, 326, "category", "month", "sales", tooltip, number_format=",", across=1
    )
    svg = chart_to_svg(chart)
    assert svg.index(">toys</text>") < svg.index(">books</text>")
    assert svg.count("<title>") == 4
    assert chart.to_dict()["concat"][1]["encoding"]["y"]["scale"] == {"domain": [0, 20.0]}


def test_range_multiples_draw_a_bar_and_a_line() -> None:
    stages = pl.DataFrame(
        {"stage": ["handling"], "state": ["SP"], "median": [10.0], "most": [40.0]}
    )
    chart = range_multiples(
        stages, 326, "stage", "state", ("median", "most"), "'tip'", title="hours", across=1
    )
    svg = chart_to_svg(chart)
    assert ">handling</text>" in svg
    assert "<title>tip</title>" in svg
    assert "<line" in svg


def test_axis_of_ranges_shorter_than_an_hour_has_labels() -> None:
    stages = pl.DataFrame({"stage": ["approval"], "state": ["SP"], "median": [0.2], "most": [0.4]})
    chart = range_multiples(
        stages, 326, "stage", "state", ("median", "most"), "'tip'", title="hours", across=1
    )
    assert re.findall(r">([\d.]+)<", chart_to_svg(chart)) == ["0", "0.1", "0.2", "0.3", "0.4"]


def test_column_multiples_keep_room_for_a_month_without_a_row() -> None:
    sold = SOLD.with_columns(month=pl.Series(["2017-11", "2018-01"] * 2))
    chart = column_multiples(
        sold, 326, "category", "month", "sales", "''", number_format=",", across=1
    )
    scale = chart.to_dict()["concat"][0]["encoding"]["x"]["scale"]
    assert scale == {"domain": ["2017-11", "2017-12", "2018-01"]}
