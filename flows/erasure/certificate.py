"""The certificate of an erasure, as JSON and as a page. It contains no identifier."""

import json
from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from flows.config.plural import pluralize
from flows.erasure.requests import Request, certificate_location, read_replaced
from flows.storage import filesystem


class Verification(NamedTuple):
    """The result of the search after an erasure."""

    files: int
    """The number of files that were searched: data files, logs, checkpoints and all others."""
    size: int
    """Their size in bytes."""
    holding: int
    """The number of files that hold an erased person."""
    unsearchable: list[str]
    """Compressed files, in which only the bytes were searched."""


def write_certificate(
    lake: str,
    request: Request,
    verification: Verification,
    *,
    archive: str | None,
    deleted_by: Mapping[str, str],
) -> str:
    """Write the certificate of a finished request; return the location of the page.

    Args:
        lake: the location of the tables.
        request: the request.
        verification: the result of the search.
        archive: the location of the archive, if one was named.
        deleted_by: by topic, when Kafka will have deleted its messages; some may be missing.
    """
    certificate = {
        "request": request.id,
        "requested": request.requested,
        "finished": request.finished,
        "reason": request.reason,
        "erased": {
            "identifiers": len(request.identifiers),
            "orders whose review texts were erased": len(request.orders),
        },
        "found": request.found,
        "rewritten files of the archive, by old digest": dict(
            sorted((old, new) for new, old in read_replaced(lake).items())
        ),
        "verification": verification._asdict(),
        "not reached": {
            "messages in Kafka, until the retention of the topic deletes them": request.messages,
            "latest time of deletion, by topic": deleted_by,
            "other": _not_reached(archive),
        },
    }
    data = json.dumps(certificate, indent=1)
    filesystem.write(certificate_location(lake, request, "json"), data.encode())
    page = certificate_location(lake, request, "html")
    filesystem.write(page, _page(request, verification, archive, deleted_by).encode())
    return page


def _not_reached(archive: str | None) -> list[str]:
    return [
        *([] if archive else ["an archive: none was named"]),
        "files that are still in the landing zone",
        "sites, exports and backups outside of the lake",
        "earlier object versions, if the S3 bucket is versioned",
        "temporary files of processes that were killed",
        "data of the person in records without any of the identifiers",
    ]


def _page(
    request: Request,
    verification: Verification,
    archive: str | None,
    deleted_by: Mapping[str, str],
) -> str:
    facts = {
        "Request": request.id,
        "Requested": request.requested,
        "Finished": request.finished,
        "Reason": request.reason,
        "Identifiers replaced": f"{len(request.identifiers):,}",
        "Orders whose review texts were erased": f"{len(request.orders):,}",
        "Verified": f"{verification.files:,} files ({verification.size:,} bytes) were searched; "
        f"{verification.holding:,} still hold the person",
        "Compressed or unreadable, only their bytes searched": (
            ", ".join(verification.unsearchable) or "nothing"
        ),
    }
    found = {
        name: f"{pluralize(each['rows'], 'row')}, {pluralize(each['files'], 'file')}, "
        f"{each['bytes']:,} bytes, versions {', '.join(map(str, each['versions'])) or 'none'}"
        for name, each in request.found.items()
    }
    messages = {
        source: f"offsets {', '.join(map(str, offsets))}, until the retention of the topic"
        + (f"; deleted at the latest: {latest}" if (latest := deleted_by.get(topic)) else "")
        for source, offsets in request.messages.items()
        for topic in [source.split("/")[1]]
    }
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        "<title>Certificate of erasure</title><h1>Certificate of erasure</h1>"
        + _table(facts)
        + "<h2>Found and erased</h2>"
        + _table(found)
        + "<h2>Not reached</h2>"
        + _table(messages)
        + f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in _not_reached(archive))}</ul></html>"
    )


def _table(rows: dict[str, str]) -> str:
    cells = (f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in rows.items())
    return f"<table>{''.join(cells)}</table>"
