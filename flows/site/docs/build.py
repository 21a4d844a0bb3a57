"""The data docs: an index of the lakehouse, and one page for each table."""

from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from flows.config.settings import resolve_location
from flows.delta.damage import translate_damage
from flows.delta.status import status
from flows.site.docs.lineage import lineage
from flows.site.docs.metrics_chart import metrics_chart
from flows.site.docs.rule_status import broken_rules
from flows.site.docs.synonyms import SYNONYMS
from flows.site.docs.table_page import table_page
from flows.site.render import publish, render
from flows.storage.locations import check_output
from transforms.graph import sources, tables


def write_docs(lake: str, out: Path) -> Path:
    """Write the data docs of a lake to a folder and return the path of the index.

    The same lake always gives the same files.

    Raises:
        NoLakeError: the lake has no tables.
        TableError: a table cannot be read; names the table and the file.
        ForeignFolderError: the folder holds files that do not belong to a site.
        SettingError: the folder is in the lake, the landing zone or the archive.
    """
    check_output(resolve_location("site", str(out)), lake)
    graph, statuses = tables(), status(lake)
    contracts = [*(graph[name].contract for name in sorted(graph)), *sources()]
    with translate_damage(lake, statuses):
        pages = [
            table_page(lake, contract, graph, statuses.get(contract.spec().table))
            for contract in contracts
        ]
    layers = {layer: list(group) for layer, group in groupby(pages, lambda page: page.layer)}
    shared = {
        "site": "Data docs",
        "menus": {
            layer: {page.name.partition(".")[2]: f"{page.name}.html" for page in group}
            for layer, group in layers.items()
        },
        "as_of": max((commit.at for page in pages for commit in page.commits), default=None),
    }
    index = render(
        "index.html",
        **shared,
        layers=layers,
        broken=broken_rules(rule for page in pages for rule in page.rules),
        drawing=lineage(graph),
        synonyms=SYNONYMS,
    )
    files = {
        f"{page.name}.html": render(
            "table.html",
            **shared,
            table=page,
            drawing=lineage(graph, around=page.name),
            chart=Markup(metrics_chart(page.commits)) if page.commits else "",  # noqa: S704 - drawn by this package
        )
        for page in pages
    }
    return publish(out, {"index.html": index, **files})
