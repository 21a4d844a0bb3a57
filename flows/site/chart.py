"""Charts as SVG: drawn when a site is built, in the colours of the page that shows them."""

from collections.abc import Sequence

import altair as alt
import polars as pl
import vl_convert

from flows.site.history import Commit


def history_chart(commits: Sequence[Commit]) -> str:
    """Draw the figures of commits, newest first, each in a row of its own; those all zero not."""
    figures = pl.DataFrame(
        [
            {"version": commit.version, "figure": name.replace("_", " "), "rows": count}
            for commit in reversed(commits)
            for name, count in commit.figures.items()
        ],
        schema={"version": pl.Int64, "figure": pl.String, "rows": pl.Int64},
    ).filter((pl.col("rows") != 0).any().over("figure"))
    names = figures["figure"].unique(maintain_order=True).to_list()
    colours = alt.Scale(domain=names, range=[f"var(--{n.split()[-1]}, {_INK})" for n in names])
    bars = alt.Chart(figures).mark_bar()
    return svg(
        bars.encode(
            x=alt.X("version:O", title="version of the table", axis=_FLAT),
            y=alt.Y("rows:Q", title=None, axis=alt.Axis(tickCount=2, domain=False)),
            color=alt.Color("figure:N", legend=None, scale=colours),
            row=alt.Row("figure:N", title=None, sort=names, spacing=22),
        )
        .properties(width=min(60 * len(commits), 560), height=44)
        .resolve_scale(y="independent")
    )


def svg(chart: alt.Chart | alt.FacetChart) -> str:
    """Return a chart as SVG for a page: `currentColor` and CSS variables hold in it."""
    drawn = (
        chart.configure(background="transparent", font="inherit", aria=False)
        .configure_axis(
            labelColor="currentColor",
            titleColor="currentColor",
            titleFontWeight="normal",
            gridColor="var(--line)",
            domainColor="var(--line)",
            tickColor="var(--line)",
            labelFontSize=11,
        )
        .configure_header(
            labelColor="currentColor",
            labelFontSize=12,
            labelAngle=0,
            labelAnchor="start",
            labelOrient="top",
            labelPadding=4,
        )
        .configure_view(stroke=None)
    )
    return vl_convert.vegalite_to_svg(drawn.to_json())


_INK = "var(--bar)"
_FLAT = alt.Axis(labelAngle=0, labelOverlap=True)
