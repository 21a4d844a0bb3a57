"""The chart of the metrics of a table's commits."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from flows.delta.commit_log import CommitInfo
from flows.site.charts.axes import COUNT, y_axis
from flows.site.charts.svg import chart_to_svg


def metrics_chart(commits: Sequence[CommitInfo]) -> str:
    """Return an SVG with one row of bars for each metric that is not always zero.

    Args:
        commits: the commits of one table, newest first.
    """
    metrics = pl.DataFrame(
        [
            {"version": commit.version, "metric": name.replace("_", " "), "rows": count}
            for commit in reversed(commits)
            for name, count in commit.counts.items()
        ],
        schema={"version": pl.Int64, "metric": pl.String, "rows": pl.Int64},
    ).filter((pl.col("rows") != 0).any().over("metric"))
    names = metrics["metric"].unique(maintain_order=True).to_list()
    # The style sheet has a colour for some metrics; the last word of a metric names it.
    colours = [f"var(--{name.split()[-1]}, var(--bar))" for name in names]
    chart = (
        alt.Chart(metrics)
        .mark_bar(aria=False)
        .encode(
            x=alt.X(
                "version:O",
                title="version of the table",
                axis=alt.Axis(labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y("rows:Q", title=None, axis=y_axis(COUNT, ticks=2)),
            color=alt.Color("metric:N", legend=None, scale=alt.Scale(domain=names, range=colours)),
            row=alt.Row("metric:N", title=None, sort=names, spacing=22),
        )
        .properties(width=min(60 * len(commits), 560), height=44)
        .resolve_scale(y="independent")
    )
    return chart_to_svg(chart)
