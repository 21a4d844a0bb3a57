"""Altair charts as SVG for a page, and as PNG for an artifact."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import vl_convert

AnyChart = Any
"""An Altair chart; Altair types the result of most of its methods as `Any`."""


def chart_to_svg(chart: AnyChart) -> str:
    """Return a chart as SVG to be embedded in a page.

    The chart uses CSS variables and `currentColor`, so one drawing serves the light and the dark
    theme. The `description` of a mark becomes its tooltip.
    """
    styled = (
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
        .configure_title(color="currentColor", fontSize=12, anchor="start", frame="group")
        .configure_view(stroke=None)
    )
    # Vega writes descriptions as ARIA labels; browsers show a tooltip only for <title>.
    svg = vl_convert.vegalite_to_svg(styled.to_json())
    tipped = _DESCRIBED_MARK.sub(r"<path\2><title>\1</title></path>", svg)
    return _SHAPE.sub(lambda shape: _LONG.sub(_round, shape[0]), _ARIA.sub("", tipped))


def svg_to_png(svg: str) -> bytes:
    """Return an embedded SVG chart as a PNG in the light colours of the site."""
    colours = _light_colours()
    resolved = _VARIABLE.sub(lambda match: colours.get(match[1], match[0]), svg)
    resolved = resolved.replace('"currentColor"', f'"{colours["ink"]}"')
    resolved = resolved.replace('"inherit"', '"DejaVu Sans, sans-serif"')
    background = f'<rect width="100%" height="100%" fill="{colours["raised"]}"/>'
    return vl_convert.svg_to_png(_SVG_TAG.sub(rf"\g<0>{background}", resolved, count=1))


_DESCRIBED_MARK = re.compile(r'<path aria-label="([^"]*)"([^>]*)/>')
_ARIA = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
_SHAPE = re.compile(r' (?:d|transform)="[^"]*"')
_LONG = re.compile(r"\d+\.\d{3,}(?:e-\d+)?")
_SVG_TAG = re.compile(r"<svg[^>]*>")
_VARIABLE = re.compile(r"var\(--([\w-]+)\)")
_LIGHT_DARK = re.compile(r"--([\w-]+): light-dark\((#\w+),")


def _round(number: re.Match[str]) -> str:
    """Return a coordinate with two decimals; more would only make the page larger."""
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


@cache
def _light_colours() -> dict[str, str]:
    """Return the light colours of the style sheet by variable name."""
    sheet = (files("flows.site") / "templates" / "site.css").read_text()
    return dict(_LIGHT_DARK.findall(sheet))
