"""The lineage as a picture of its own: `python -m flows.site.picture > docs/lineage.svg`."""

import sys

from flows.site.lineage import lineage
from flows.site.shell import page
from transforms.graph import tables


def picture() -> str:
    """Return the lineage of all tables as an SVG file, for light and for dark pages."""
    return page("lineage.svg", drawing=lineage(tables()))


if __name__ == "__main__":
    sys.stdout.write(f"{picture()}\n")
