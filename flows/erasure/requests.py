"""The erasure requests of a lake: a JSON file each, with keyed hashes instead of identifiers."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from flows.delta.versions import NoVersionError
from flows.storage import filesystem

FOLDER = "_erasures"
"""The folder of the requests and their certificates in a lake."""


@dataclass(frozen=True)
class Request:
    """A request to erase a person, or the review texts of an order; without any identifier."""

    id: str
    """A random UUID, from which the pseudonyms are derived."""
    requested: str
    """When it was made, as ISO time (UTC)."""
    check: str
    """The keyed hash of the id, which tells whether a key is the right one."""
    reason: str = ""
    identifiers: tuple[str, ...] = ()
    """The keyed hashes of the identifiers to replace by pseudonyms."""
    orders: tuple[str, ...] = ()
    """The keyed hashes of the orders whose review texts are erased."""
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By table, what held the person: rows, files, bytes and versions."""
    messages: dict[str, list[int]] = field(default_factory=dict)
    """By topic partition, the offsets of the messages that held the person."""
    versions: dict[str, int] = field(default_factory=dict)
    """By table that held the person, the version after the erasure; empty until it is finished."""
    finished: str = ""
    """When it was finished, as ISO time (UTC); empty until then."""

    def with_more(self, **added: Any) -> "Request":
        """Return the request with more hashes or counts; those that it has stay."""
        merged: dict[str, Any] = {
            name: {**value, **getattr(self, name)}
            if isinstance(value, dict)
            else tuple(dict.fromkeys((*getattr(self, name), *value)))
            for name, value in added.items()
        }
        return replace(self, **merged)


def read_requests(lake: str) -> list[Request]:
    """Return the requests of a lake, the oldest first."""
    found = [
        _request(json.loads(filesystem.read(f"{_folder(lake)}/{name}")))
        for name in request_files(lake)
    ]
    return sorted(found, key=lambda request: (request.requested, request.id))


def request_files(lake: str) -> dict[str, int]:
    """Return the sizes of the files of the requests; a request that changes has another size."""
    return {
        name: size
        for name, size in filesystem.sizes(_folder(lake)).items()
        if name.endswith(".json") and not name.startswith(".")
    }


def write_request(lake: str, request: Request) -> None:
    """Create or replace a request."""
    data = json.dumps(asdict(request), indent=1).encode()
    filesystem.write(f"{_folder(lake)}/{request.id}.json", data)


def check_not_erased(lake: str, table: str, version: int) -> None:
    """Check that no erasure prevents the restore of a version of a table.

    Raises:
        NoVersionError: the version is from before an erasure, or an erasure is not finished.
    """
    for request in read_requests(lake):
        if not request.finished:
            message = (
                f"{table}: the erasure {request.id} is not finished; call `keystone forget` again "
                f"with the same person, then restore"
            )
            raise NoVersionError(message)
        if version < (first := request.versions.get(table, 0)):
            message = (
                f"{table}: version {version} is from before the erasure {request.id} and may hold "
                f"the person; the first version that can be restored is {first}"
            )
            raise NoVersionError(message)


def read_replaced(lake: str) -> dict[str, str]:
    """Return, by digest of a file that was rewritten, the digest under which bronze has it."""
    names = filesystem.sizes(f"{_folder(lake)}/{_REPLACED}")
    return dict(name.split(".") for name in names if not name.startswith("."))


def note_replaced(lake: str, new: str, old: str) -> None:
    """Note that a file with the digest `new` has the records that bronze has under `old`."""
    if new != old:
        filesystem.write(f"{_folder(lake)}/{_REPLACED}/{new}.{old}", b"")


def certificate_location(lake: str, request: Request, form: str) -> str:
    """Return the location of the certificate of a request: `json` or `html`."""
    return f"{_folder(lake)}/certificates/{request.id}.{form}"


_REPLACED = "replaced"


def _request(stored: dict[str, Any]) -> Request:
    hashes = {name: tuple(stored[name]) for name in ("identifiers", "orders")}
    return Request(**{**stored, **hashes})


def _folder(lake: str) -> str:
    return f"{lake.rstrip('/')}/{FOLDER}"
