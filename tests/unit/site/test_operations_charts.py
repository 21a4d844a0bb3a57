"""Tests of the charts of the operations page."""

import re

import polars as pl

from flows.site.charts.svg import chart_to_svg
from flows.site.report.operations_charts import scatter


def test_scatter_names_close_states_above_and_below_their_circles() -> None:
    states = pl.DataFrame(
        {
            "customer_state": ["MG", "RJ", "PE", "BA"],
            "on_time_share": [0.97, 0.88, 0.88, 0.88],
            "review_score": [4.2, 3.9, 3.9, 3.9],
            "reviews": [600, 500, 70, 60],
        }
    )
    svg = chart_to_svg(scatter(states, 326))
    assert re.findall(r">([A-Z]{2})<", svg) == ["MG", "RJ", "PE"], "BA has no room"
