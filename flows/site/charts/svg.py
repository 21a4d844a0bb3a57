"""Charts as SVG: drawn when a site is built, in the colours of the page that shows them."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from flows.delta.commit_log import CommitInfo

AnyChart = Any
"""A chart of Altair: most of its methods are typed to return no more."""


def history_chart(commits: Sequence[CommitInfo]) -> str:
    """Draw the figures of commits, newest first, each in a row of its own; those all zero not."""
    figures = pl.DataFrame(
        [
            {"version": commit.version, "figure": name.replace("_", " "), "rows": count}
            for commit in reversed(commits)
            for name, count in commit.counts.items()
        ],
        schema={"version": pl.Int64, "figure": pl.String, "rows": pl.Int64},
    ).filter((pl.col("rows") != 0).any().over("figure"))
    names = figures["figure"].unique(maintain_order=True).to_list()
    colours = alt.Scale(domain=names, range=[f"var(--{n.split()[-1]}, {_INK})" for n in names])
    bars = alt.Chart(figures).mark_bar(aria=False)
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


def svg(chart: AnyChart) -> str:
    """Return a chart as SVG for a page: `currentColor` and CSS variables hold in it.

    What a mark's `description` says is shown when one points at it.
    """
    drawn = (
        chart.configure(background="transparent", font="inherit")
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
        .configure_legend(labelColor="currentColor", labelFontSize=11, title=None)
        .configure_view(stroke=None)
    )
    plain = vl_convert.vegalite_to_svg(drawn.to_json())
    return _ROLES.sub("", _MARK.sub(r"<path\2><title>\1</title></path>", plain))


def png(drawn: str) -> bytes:
    """Return an SVG chart as a picture that stands alone: in the light colours of the site."""
    colours = _light()
    alone = _VARIABLE.sub(lambda found: colours.get(found[1], found[0]), drawn)
    alone = alone.replace('"currentColor"', f'"{colours["ink"]}"')
    alone = alone.replace('"inherit"', '"DejaVu Sans, sans-serif"')
    ground = f'<rect width="100%" height="100%" fill="{colours["raised"]}"/>'
    alone = _OPENING.sub(rf"\g<0>{ground}", alone, count=1)
    return vl_convert.svg_to_png(alone)


_INK = "var(--bar)"
_FLAT = alt.Axis(labelAngle=0, labelOverlap=True)
_MARK = re.compile(r'<path aria-label="([^"]*)"([^>]*)/>')
_ROLES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
_OPENING = re.compile(r"<svg[^>]*>")
_VARIABLE = re.compile(r"var\(--([\w-]+)\)")
_DECLARED = re.compile(r"--([\w-]+): light-dark\((#\w+),")


@cache
def _light() -> dict[str, str]:
    """Return the light colours of the style sheet, by name."""
    sheet = (files("flows.site") / "templates" / "site.css").read_text()
    return dict(_DECLARED.findall(sheet))
