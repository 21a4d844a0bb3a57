"""What a search for a person has found, for the request and the certificate."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flows import delta
from flows.delta.handles import open_uri
from flows.erasure.certificate import Verification
from flows.erasure.erasures import Erasures
from flows.erasure.requests import Request
from flows.erasure.search import Found
from flows.erasure.tables import versions_with

ARCHIVE = "archive"
"""The name under which a request counts the files of the archive."""

OTHER_FILES = "other files"
"""The name under which a request counts the files of a lake that belong to no table."""


def with_findings(
    request: Request, in_lake: Found, in_archive: Found | None, erasures: Erasures
) -> Request:
    """Add what a search has found, by table; what an earlier call has found stays."""
    found = dict[str, dict[str, Any]]()
    for table in in_lake.tables:
        if holding := in_lake.in_table(table):
            uri = f"{in_lake.location}/{table}"
            newest = delta.data_files.files(open_uri(uri))["path"]
            versions = versions_with(uri, holding)
            found[table.replace("/", ".")] = {
                "rows": sum(rows for path, rows in holding.items() if path in {*newest}),
                "files": len(holding),
                "bytes": sum(in_lake.sizes[f"{table}/{path}"] for path in holding),
                "versions": versions,
            }
    if others := in_lake.outside_tables():
        found[OTHER_FILES] = _counted(in_lake, others, erasures)
    if in_archive and in_archive.holding:
        found[ARCHIVE] = _counted(in_archive, in_archive.holding, erasures)
    messages = {
        source: sorted({*positions, *request.messages.get(source, ())})
        for source, positions in in_lake.messages.items()
    }
    return replace(request.with_more(found=found), messages={**request.messages, **messages})


def verification_of(searched: Iterable[Found]) -> Verification:
    """Return the result of the last search."""
    searched = [*searched]
    return Verification(
        files=sum(len(each.sizes) for each in searched),
        size=sum(sum(each.sizes.values()) for each in searched),
        holding=sum(len(each.holding) for each in searched),
        unsearchable=[path for each in searched for path in each.unsearchable],
    )


def _counted(found: Found, paths: Iterable[str], erasures: Erasures) -> dict[str, Any]:
    sizes = {erasures.erase_text(path): found.sizes[path] for path in paths}
    return {
        "rows": 0,
        "files": len(sizes),
        "bytes": sum(sizes.values()),
        "versions": [],
        "paths": sorted(sizes),
    }
