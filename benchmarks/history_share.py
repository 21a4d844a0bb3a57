"""What history costs in a build: `python -m benchmarks.history_share LAKE`.

The commits of a lake say how long each table took. The seconds of tables that were computed at the
same time overlap, so only their shares mean something.
"""

import sys

from flows.query.sql import query

_SHARE = """
SELECT sum(seconds) FILTER ("table" LIKE '%\\_history' ESCAPE '\\' OR "table" IN (
    'gold.fact_order_milestones', 'gold.mart_order_stages')) AS history,
    sum(seconds) - history AS others
FROM meta.runs WHERE version = 1
"""


def history_share(lake: str) -> float:
    """Return the seconds of histories, milestones and stages ÷ those of all other tables."""
    ((history, others),) = query(lake, _SHARE).rows()
    return float(history / others)


if __name__ == "__main__":
    print(f"history adds {history_share(sys.argv[1]):.1%} to the build")
