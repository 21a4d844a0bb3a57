"""Erase a person from a lake and its archive for good, and prove it by a search of every file.

A request is written first, then everything is erased by it, and the certificate comes last. Each
step can be repeated: after a crash, a second call with the same person finds the request and ends
with the same result. Bronze and the archive are rewritten; the refresh then computes silver and
gold from bronze, as always; then all earlier files that held the person are deleted.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from uuid import uuid4

from contracts.domain import HEX_ID
from flows import delta
from flows.config.errors import RunFailedError, SettingError
from flows.config.settings import Settings, resolve_location
from flows.delta.holds import held_since, hold_message
from flows.delta.provenance import made_by
from flows.delta.table_names import existing_tables
from flows.erasure.certificate import write_certificate
from flows.erasure.erasures import Erasures, erasure_key, keyed_hash, pseudonym
from flows.erasure.findings import verification_of, with_findings
from flows.erasure.person import (
    has_order,
    identifiers_of,
    is_pseudonym,
    orders_of,
    other_name,
)
from flows.erasure.requests import (
    Request,
    note_replaced,
    read_replaced,
    read_requests,
    write_request,
)
from flows.erasure.search import Found, search
from flows.erasure.tables import (
    check_writable,
    delete_earlier_files,
    erase_newest_version,
    stop_writers,
)
from flows.ingest.erase_csv import erase_archive, search_archive
from flows.kafka.retention import deleted_by
from flows.monitoring.gate import held_back
from flows.pipeline.execution import Executor
from flows.pipeline.runs import refresh
from flows.storage import filesystem
from flows.storage.filesystem import check_access
from flows.storage.locations import check_disjoint
from transforms.graph import tables


class UnknownPersonError(Exception):
    """A lake has no record of a person or an order, and has not erased it."""


class Forgotten(NamedTuple):
    """What an erasure found and erased, or would erase."""

    request: Request
    certificate: str
    """The location of the certificate; empty after a dry run."""


def forget(  # noqa: PLR0913 - all have defaults and are given by name
    lake: str | None = None,
    person: str | None = None,
    order: str | None = None,
    *,
    reason: str = "",
    archive: str | None = None,
    dry_run: bool = False,
    executor: Executor | None = None,
) -> Forgotten:
    """Erase a person, or the review texts of one order.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        person: the `customer_unique_id`.
        order: erase only the review texts of this order; then `reason` is needed.
        reason: why, for the certificate.
        archive: the archive of the landing zone; KEYSTONE_ARCHIVE when not given.
        dry_run: only say what would be erased.
        executor: what runs the refresh; threads of this process when not given.

    Raises:
        SettingError: an argument or KEYSTONE_ERASURE_KEY is missing or invalid.
        UnknownPersonError: the lake has no such person or order.
        RunFailedError: something was not erased; call again when the cause is gone.
    """
    lake = resolve_location("lake", lake)
    archive = resolve_location("archive", archive) if archive or Settings().archive else None
    check_access(lake)
    check_disjoint(lake=lake, archive=archive)
    person, order = _well_formed("person", person), _well_formed("order", order)
    if not person and not order:
        message = "no person and no order is given; give --person, or --order with --reason"
        raise SettingError(message)
    if order and not reason:
        message = "an erasure of review texts needs a --reason, for its certificate"
        raise SettingError(message)
    _check_not_held(lake)
    known = read_requests(lake)
    key = erasure_key(known)
    request = _requested(lake, known, key, person, order)
    others = [each for each in known if each.id != request.id]
    erasures = Erasures([*others, request], key, read_replaced(lake))
    request = replace(request, reason=erasures.erase_text(reason) or request.reason)
    in_lake = search(lake, erasures)
    in_archive = search_archive(archive, erasures) if archive else None
    is_known = request.id in {each.id for each in known}
    if person and not is_known and not in_lake.holding and not (in_archive and in_archive.holding):
        raise UnknownPersonError(_UNKNOWN.format("person"))
    check_writable(in_lake)
    request = replace(with_findings(request, in_lake, in_archive, erasures), finished="")
    if dry_run:
        return Forgotten(request, "")
    write_request(lake, request)
    with made_by("forget"):
        if not any(_is_done(each, request) for each in known):
            stop_writers(lake, request.id)
        return _erase(lake, archive, request, erasures, (in_lake, in_archive), executor)


def _is_done(earlier: Request, request: Request) -> bool:
    """Return whether an earlier call has finished the same request, with nothing to add."""
    return (
        bool(earlier.finished) and earlier.id == request.id and _hashes(earlier) == _hashes(request)
    )


def _hashes(request: Request) -> set[str]:
    return {*request.identifiers, *request.orders}


def _erase(  # noqa: PLR0913, PLR0917 - what was found where, and how to erase it
    lake: str,
    archive: str | None,
    request: Request,
    erasures: Erasures,
    found: tuple[Found, Found | None],
    executor: Executor | None,
) -> Forgotten:
    in_lake, _ = found
    held = {table.replace("/", ".") for table in in_lake.tables if in_lake.in_table(table)}
    searched = _erase_until_gone(lake, archive, erasures, found, executor)
    touched = {*request.found} - {*request.versions} | held
    newest = {
        name: delta.open_existing(lake, name).version()
        for name in existing_tables(lake)
        if name in touched
    }
    now = datetime.now(UTC)
    request = replace(
        request,
        versions={**request.versions, **newest},
        finished=now.isoformat(timespec="seconds"),
    )
    topics = {source.split("/")[1] for source in request.messages}
    certificate = write_certificate(
        lake,
        request,
        verification_of(searched),
        archive=archive,
        deleted_by=deleted_by(topics, now) if topics else {},
    )
    write_request(lake, request)
    return Forgotten(request, certificate)


def _erase_until_gone(
    lake: str,
    archive: str | None,
    erasures: Erasures,
    found: tuple[Found, Found | None],
    executor: Executor | None,
) -> list[Found]:
    """Erase everything until a search finds nothing; return what it has searched.

    Raises:
        RunFailedError: other runs write the person again.
    """
    in_lake, in_archive = found
    all_of_records = [name for name, table in tables().items() if table.source]
    for _ in range(_ROUNDS):
        if archive and in_archive:
            erase_archive(archive, in_archive.holding, erasures, partial(note_replaced, lake))
        _erase_tables(lake, in_lake, erasures)
        # All records are validated again, and no threshold may keep the person in gold.
        refresh(lake, accept=all_of_records, executor=executor)
        in_lake = search(lake, erasures)
        for table in in_lake.tables:
            delete_earlier_files(f"{lake.rstrip('/')}/{table}", in_lake.in_table(table), erasures)
        for path in in_lake.outside_tables():
            filesystem.remove(f"{in_lake.location}/{path}")
        in_lake = search(lake, erasures)
        in_archive = search_archive(archive, erasures) if archive else None
        searched = [each for each in (in_lake, in_archive) if each]
        left = [path for each in searched for path in each.holding]
        if not left:
            return searched
    message = (
        f"{len(left)} files still hold the person, such as {erasures.erase_text(left[0])}: "
        f"other runs write at the same time, or a table is not computed from bronze; stop "
        f"the other runs, and call `keystone forget` again"
    )
    raise RunFailedError([message])


_ROUNDS = 3
"""How often everything is erased again if a run that began before has written the person again."""


def _erase_tables(lake: str, in_lake: Found, erasures: Erasures) -> None:
    """Erase people from the tables that no refresh computes."""
    computed = {name.replace(".", "/") for name in tables()}
    for table in in_lake.tables:
        holding = in_lake.in_table(table)
        if table not in computed and not table.startswith("quarantine/") and holding:
            erase_newest_version(f"{lake.rstrip('/')}/{table}", erasures)


def _requested(lake: str, known: Iterable[Request], key: bytes, person: str, order: str) -> Request:
    """Return the request for a person or an order: an earlier one if there is one."""
    hashed, is_person = keyed_hash(key, order or person), not order
    earlier = next(
        (
            each
            for each in known
            if hashed in (each.identifiers if is_person else each.orders)
            and bool(each.identifiers) == is_person
        ),
        None,
    )
    now, new = datetime.now(UTC).isoformat(timespec="seconds"), str(uuid4())
    request = earlier or Request(new, now, keyed_hash(key, new))
    if order and person:
        theirs = orders_of(lake, identifiers_of(lake, [person]))
        if order not in theirs and not earlier:
            message = "the order is not one of this person's; nothing was erased"
            raise UnknownPersonError(message)
    if order:
        if not earlier and not has_order(lake, order):
            raise UnknownPersonError(_UNKNOWN.format("order"))
        return request.with_more(orders=[hashed])
    customers = identifiers_of(lake, [person, pseudonym(request.id, hashed)])
    if not earlier and not customers and (name := other_name(lake, person)):
        message = (
            f"the lake has this as {name}; give the person's customer_unique_id; nothing was erased"
        )
        raise UnknownPersonError(message)
    new_ids = sorted({person, *customers} - {*filter(is_pseudonym, customers)})
    orders = sorted(orders_of(lake, customers))
    return request.with_more(
        identifiers=[keyed_hash(key, each) for each in new_ids],
        orders=[keyed_hash(key, each) for each in orders],
    )


_UNKNOWN = "the lake has no record of this {}, and has not erased it before; nothing was erased"


def _well_formed(name: str, given: str | None) -> str:
    """Return an identifier in lower case.

    Raises:
        SettingError: it is malformed; the message does not show it.
    """
    text = (given or "").strip().lower()
    if text and (not re.fullmatch(HEX_ID, text) or is_pseudonym(text)):
        message = f"the {name} must be an identifier of 32 hexadecimal digits, not a pseudonym"
        raise SettingError(message)
    return text


def _check_not_held(lake: str) -> None:
    """Check that a refresh may write to all tables, and publishes nothing that was held back.

    Raises:
        RunFailedError: a restore holds one, or some are held back.
    """
    handles = {name: delta.open_existing(lake, name) for name in existing_tables(lake)}
    held = {name: since for name, handle in handles.items() if (since := held_since(handle))}
    if found := [*(hold_message(*each) for each in held.items()), *map(str, held_back(lake))]:
        raise RunFailedError(found)
