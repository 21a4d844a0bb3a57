"""Tests of the chart of commit metrics."""

from datetime import UTC, datetime

from flows.delta.commit_log import CommitInfo
from flows.site.docs.metrics_chart import metrics_chart

AT = datetime(2018, 1, 1, tzinfo=UTC)


def test_metrics_chart_omits_zero_metrics_and_uses_the_colours_of_the_page() -> None:
    svg = metrics_chart(
        [
            CommitInfo(2, AT, "write", {"read": 2, "quarantined": 1, "corrupt": 0}),
            CommitInfo(1, AT, "write", {"read": 1, "quarantined": 0, "corrupt": 0}),
        ]
    )
    assert ">read</text>" in svg
    assert ">corrupt</text>" not in svg
    assert svg.count('fill="var(--quarantined, var(--bar))"') == 2
    assert "#" not in svg.replace("http://www.w3.org", "")  # no literal colour


def test_metrics_chart_of_zeros_is_empty() -> None:
    assert metrics_chart([CommitInfo(1, AT, "write", {"read": 0})]).startswith("<svg")
