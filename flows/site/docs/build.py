"""The data docs: a page for every table, and one for the lakehouse as a whole."""

from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from flows.config.settings import resolve_location
from flows.delta.damage import translate_damage
from flows.delta.status import status
from flows.site.charts.svg import history_chart
from flows.site.docs.lineage import lineage
from flows.site.docs.rule_status import broken_now
from flows.site.docs.synonyms import SYNONYMS
from flows.site.docs.table_page import entry
from flows.site.render import page, publish
from flows.storage.locations import check_output
from transforms.graph import sources, tables


def write_docs(lake: str, out: Path) -> Path:
    """Write the data docs of a lake to a folder, and return the page to open.

    The same lake gives the same files.

    Raises:
        NoLakeError: the lake has no tables.
        TableError: a table cannot be read; names it, and the file.
        ForeignFolderError: the folder holds something else.
        SettingError: the folder lies in the lake, the landing zone or the archive.
    """
    check_output(resolve_location("site", str(out)), lake)
    graph, standing = tables(), status(lake)
    contracts = [*(graph[name].contract for name in sorted(graph)), *sources()]
    with translate_damage(lake, standing):
        entries = [entry(lake, c, graph, standing.get(c.spec().table)) for c in contracts]
    layers = {layer: list(some) for layer, some in groupby(entries, lambda each: each.layer)}
    shell = {
        "site": "Data docs",
        "menus": {
            layer: {each.name.partition(".")[2]: f"{each.name}.html" for each in some}
            for layer, some in layers.items()
        },
        "as_of": max((commit.at for each in entries for commit in each.commits), default=None),
    }
    broken = broken_now(rule for each in entries for rule in each.rules)
    front = page(
        "index.html",
        **shell,
        layers=layers,
        broken=broken,
        drawing=lineage(graph),
        synonyms=SYNONYMS,
    )
    pages = {
        f"{each.name}.html": page(
            "table.html",
            **shell,
            table=each,
            drawing=lineage(graph, around=each.name),
            chart=Markup(history_chart(each.commits)) if each.commits else "",  # noqa: S704 - ours
        )
        for each in entries
    }
    return publish(out, {"index.html": front, **pages})
