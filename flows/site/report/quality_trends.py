"""Trends of data quality by source and by rule, from the metrics of commits, with examples."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
from polars import col

from flows import delta
from flows.config.plural import pluralize
from flows.delta.commit_log import CommitInfo
from flows.monitoring.promises import Logs
from flows.monitoring.volume import source_deliveries
from flows.refresh.redacted_examples import redacted_examples
from flows.site.charts.axes import COUNT, SHARE
from flows.site.charts.day_bars import DAYS, day_bars
from flows.site.charts.marks import LATE, PLAIN
from flows.site.daily_charts import WIDTH, DailyChart, delivery_chart, draw
from flows.site.formatting import percent
from flows.site.rule_status import RuleStatus
from transforms.graph import tables

RULES, EXAMPLES = 6, 3

Commits = Mapping[str, Sequence[CommitInfo]]
"""By silver table, its commits with metrics, newest first."""


def delivery_charts(logs: Logs) -> list[DailyChart]:
    """Return the deliveries of each source."""
    return [delivery_chart(name, days) for name, days in source_deliveries(logs).items() if days]


def quarantine_charts(commits: Commits) -> list[DailyChart]:
    """Return, for each table with quarantined records, their share of those read by day."""
    return [chart for name, found in commits.items() if (chart := _quarantined(name, found))]


def rule_charts(broken: Sequence[RuleStatus], commits: Commits) -> list[DailyChart]:
    """Return the trend of each of the worst rules.

    Args:
        broken: the rules that records break, the worst first.
        commits: the commits of each table.
    """
    return [
        _broken(rule, commits[rule.table]) for rule in broken[:RULES] if commits.get(rule.table)
    ]


def worst_examples(lake: str, broken: Sequence[RuleStatus]) -> list[str]:
    """Return how some records break the worst rule; personal columns are left out."""
    worst = next((rule for rule in broken if not rule.warning), None)
    if worst is None:
        return []
    table = tables()[worst.table]
    assert table.source  # noqa: S101 - only tables of records have rules that quarantine
    handle = delta.open_existing(lake, delta.quarantine_name(table.source))
    records = delta.scan(handle).filter(col("_broken_rules").list.contains(worst.name))
    newest = records.sort("_event_time", "_position", descending=True).head(EXAMPLES)
    return redacted_examples(newest.collect(), table.contract)


def _quarantined(table: str, commits: Sequence[CommitInfo]) -> DailyChart | None:
    """Return the share of the records read that went to quarantine, if any did."""
    read, quarantined = Counter[date](), Counter[date]()
    for commit in commits:
        read[commit.at.date()] += commit.counts.get("read", 0)
        quarantined[commit.at.date()] += commit.counts.get("quarantined", 0)
    days = sorted(day for day in read if read[day])[-DAYS:]
    if not any(quarantined[day] for day in days):
        return None
    values = {day: quarantined[day] / read[day] for day in days}
    rows = [
        (str(day), f"{quarantined[day]:,}", f"{read[day]:,}", percent(values[day])) for day in days
    ]
    tooltips = [f"{day}: {some} of {whole} records, {share}" for day, some, whole, share in rows]
    allowed = tables()[table].contract.spec().quarantine_share.allowed
    return DailyChart(
        f"quarantined-{table}",
        f"Quarantine of {table.partition('.')[2].replace('_', ' ')}",
        f"Share of the records read, by day; the contract promises at most {percent(allowed)}.",
        draw(
            day_bars(
                _frame(values, tooltips).with_columns(
                    colour=pl.when(col("value") > allowed)
                    .then(pl.lit(LATE))
                    .otherwise(pl.lit(PLAIN))
                ),
                WIDTH,
                number_format=SHARE,
            )
        ),
        ("Day (UTC)", "Quarantined", "Read", "Share"),
        rows[::-1],
    )


def _broken(rule: RuleStatus, commits: Sequence[CommitInfo]) -> DailyChart:
    """Return the number of records that broke a rule after the last run of each day."""
    metric = "warnings" if rule.warning else "broken_rules"
    last = {commit.at.date(): commit.metrics.get(metric, {}) for commit in reversed(commits)}
    values = {day: int(last[day].get(rule.name, 0)) for day in [*last][-DAYS:]}
    tooltips = [f"{day}: {pluralize(count, 'record')}" for day, count in values.items()]
    return DailyChart(
        f"broken-{rule.table}-{rule.name}",
        f"{rule.table.partition('.')[2]}: {rule.name}".replace("_", " "),
        "Number of records that break the rule, as of the last run of each day.",
        draw(day_bars(_frame(values, tooltips), WIDTH, number_format=COUNT)),
        ("Day (UTC)", "Records"),
        [(str(day), f"{count:,}") for day, count in reversed(values.items())],
    )


def _frame(values: Mapping[date, float], tooltips: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame({"day": [*values], "value": [*values.values()], "tooltip": tooltips})
