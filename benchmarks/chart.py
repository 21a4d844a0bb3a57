"""Plot the results of a benchmark: `python -m benchmarks.chart .bench/1000000.json docs`."""

import json
import sys
from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib import pyplot as plt

mpl.use("Agg")

# The colours of each theme: text, our bars, the bars of the others.
THEMES = {"light": ("#1f2328", "#0969da", "#afb8c1"), "dark": ("#e6edf3", "#4493f8", "#545d68")}
SHOWN = {
    "ours": "Keystone: build",
    "DuckDB": "DuckDB",
    "pandas": "pandas",
    "bare Polars": "bare Polars, nothing checked",
    "+1 % orders": "Keystone: +1 % orders",
    "DuckDB, +1 % orders": "DuckDB, MERGE: +1 % orders",
    "dbt, +1 % orders": "dbt-duckdb: +1 % orders",
    "nothing new": "Keystone: nothing new",
}


def chart(result: Path, folder: Path) -> None:
    """Write `benchmark-light.png` and `benchmark-dark.png`: medians with their range."""
    run = json.loads(result.read_text())
    seconds = [run["steps"][name]["seconds"] for name in SHOWN]
    middles = [median(each) for each in seconds]
    ranges = [
        [middle - min(each) for middle, each in zip(middles, seconds, strict=True)],
        [max(each) - middle for middle, each in zip(middles, seconds, strict=True)],
    ]
    for theme, (text, own, other) in THEMES.items():
        with mpl.rc_context({"text.color": text, "ytick.color": text, "font.size": 9}):
            drawing, axes = plt.subplots(figsize=(6.4, 2.9), layout="constrained")
            colours = [own if label.startswith("Keystone") else other for label in SHOWN.values()]
            axes.barh(list(SHOWN.values()), middles, color=colours)
            axes.errorbar(middles, range(len(middles)), xerr=ranges, fmt="none", ecolor=text)
            for row, (middle, each) in enumerate(zip(middles, seconds, strict=True)):
                axes.annotate(
                    f"{middle:.1f} s", (max(each), row), (6, -3), textcoords="offset points"
                )
            axes.set_title(f"{run['orders']:,} orders, {run['cpus']} cores", loc="left", fontsize=9)
            axes.invert_yaxis()
            axes.margins(x=0.12)
            axes.spines[:].set_visible(False)
            axes.tick_params(length=0)
            axes.xaxis.set_visible(False)
            drawing.savefig(folder / f"benchmark-{theme}.png", dpi=160, transparent=True)
            plt.close(drawing)


if __name__ == "__main__":
    chart(Path(sys.argv[1]), Path(sys.argv[2]))
