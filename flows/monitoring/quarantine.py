"""Quarantine: whether the last run of each silver table set aside more records than promised."""

from flows import delta
from flows.delta.commit_log import run_commits
from flows.monitoring.promises import BrokenPromise, Evaluated, Logs, Verdict, reached
from transforms.graph import tables


def quarantine(logs: Logs) -> Evaluated:
    """Evaluate `quarantine_share` of each silver table that comes from records."""
    for name, table in tables().items():
        if not table.source or name not in logs.handles:
            continue
        allowed = table.contract.spec().quarantine_share
        runs = (each for each in run_commits(logs.handles[name]) if each.metrics.get("read"))
        if (last := next(runs, None)) is None:
            continue
        share = last.metrics["quarantined"] / last.metrics["read"]
        if share <= allowed:
            yield Verdict.KEPT
            continue
        rules = ", ".join([*last.metrics.get("broken_rules", {})][:_NAMED])
        yield BrokenPromise(
            "quarantine",
            name,
            last.at,
            f"{share:.1%} of {last.metrics['read']:,} records went to quarantine ({rules}), and "
            f"{allowed:.1%} is promised",
            reached(name),
            f"see {delta.quarantine_name(table.source)}, then correct the source or the rule",
        )


_NAMED = 3
