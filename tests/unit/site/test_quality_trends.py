"""Tests of the trends of data quality."""

from datetime import UTC, datetime

from flows.delta.commit_log import CommitInfo
from flows.site.report.quality_trends import rule_charts
from flows.site.rule_status import RuleStatus


def commit(version: int, at: str, *, missing: int) -> CommitInfo:
    metrics = {"read": 10, "quarantined": missing, "broken_rules": {"id_is_present": missing}}
    return CommitInfo(version, datetime.fromisoformat(at).replace(tzinfo=UTC), "write", metrics)


def test_rule_chart_has_the_last_run_of_each_day() -> None:
    commits = [
        commit(3, "2018-01-02T09:00", missing=3),
        commit(2, "2018-01-01T21:00", missing=2),
        commit(1, "2018-01-01T09:00", missing=1),
    ]
    rule = RuleStatus("silver.orders", "id_is_present", "", warning=False, broken=3)
    (chart,) = rule_charts([rule], {"silver.orders": commits})
    assert chart.title == "orders: id is present"
    assert chart.rows == [("2018-01-02", "3"), ("2018-01-01", "2")]
    assert "<title>2018-01-01: 2 records</title>" in chart.svg
