"""The data docs: an index of the lakehouse, one page for each table, and a map of personal data."""

from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from flows.config.settings import Settings, resolve_location
from flows.delta.damage import translate_damage
from flows.delta.status import status
from flows.monitoring.check import read_logs
from flows.monitoring.deliveries import Delivery
from flows.monitoring.gate import HeldBack, find_held_back
from flows.monitoring.promises import Logs
from flows.monitoring.states import PromiseState, promise_states
from flows.monitoring.volume import source_deliveries
from flows.query.meta import meta_tables
from flows.site.daily_charts import delivery_chart
from flows.site.docs.freshness import newest_records
from flows.site.docs.lineage import lineage
from flows.site.docs.metrics_chart import metrics_chart
from flows.site.docs.report_readers import report_readers
from flows.site.docs.runs import last_runs
from flows.site.docs.synonyms import SYNONYMS
from flows.site.docs.table_page import table_page
from flows.site.render import publish, render
from flows.site.rule_status import broken_rules
from flows.storage.locations import check_output
from transforms.graph import sources, tables
from transforms.personal_data import RETENTION, personal_columns


def write_docs(lake: str, out: Path, now: datetime | None = None) -> Path:
    """Write the data docs of a lake to a folder and return the path of the index.

    The same lake gives the same files at the same time.

    Args:
        lake: location of the lake.
        out: the folder.
        now: the time at which promises are evaluated, with a zone; the present by default.

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
        pages = [table_page(lake, contract, graph, statuses) for contract in contracts]
        seen = _seen_in(read_logs(lake, now or datetime.now(UTC)))
        newest = newest_records(lake, statuses, seen.newest)
    readers, personal_data = report_readers(), personal_columns()
    layers = {layer: list(group) for layer, group in groupby(pages, lambda page: page.layer)}
    shared = {
        "site": "Data docs",
        "menus": {
            layer: {page.name.partition(".")[2]: f"{page.name}.html" for page in group}
            for layer, group in layers.items()
        },
        "owners": Settings().owners,
        "as_of": max((commit.at for page in pages for commit in page.commits), default=None),
    }
    index = render(
        "index.html",
        **shared,
        layers=layers,
        promises=seen.promises,
        held_back=seen.held_back,
        newest_records=seen.newest,
        runs=last_runs(meta_tables(lake)["meta.runs"]),
        broken=broken_rules(rule for page in pages for rule in page.rules),
        drawing=lineage(graph),
        synonyms=SYNONYMS,
        personal=personal_data,
    )
    files = {
        f"{page.name}.html": render(
            "table.html",
            **shared,
            table=page,
            drawing=lineage(graph, around=page.name),
            promises=seen.promises.get(page.name, []),
            held_back=seen.held_back.get(page.name),
            newest_record=newest.get(page.name),
            report_readers=readers.get(page.name, []),
            report=Settings().report_url.rstrip("/"),
            deliveries=delivery_chart(page.name, days)
            if (days := seen.delivered.get(page.name))
            else None,
            chart=Markup(metrics_chart(page.commits)) if page.commits else "",  # noqa: S704 - drawn by this package
        )
        for page in pages
    }
    personal = render("personal.html", **shared, personal=personal_data, retention=RETENTION)
    return publish(out, {"index.html": index, "personal.html": personal, **files})


class _Seen(NamedTuple):
    """What the logs say of the tables, by their names."""

    promises: dict[str, list[PromiseState]]
    held_back: dict[str, HeldBack]
    newest: dict[str, datetime]
    """The time of the newest record in each bronze table."""
    delivered: dict[str, list[Delivery]]


def _seen_in(logs: Logs) -> _Seen:
    return _Seen(
        {name: [*of] for name, of in groupby(promise_states(logs), lambda p: p.table)},
        {name: each for each in find_held_back(logs.handles) for name in each.tables},
        {name: max(b.newest for b in found) for name, found in logs.batches.items() if found},
        source_deliveries(logs),
    )
