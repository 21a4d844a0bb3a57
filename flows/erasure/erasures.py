"""Recognize erased people by keyed hashes, and erase them from rows and texts."""

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

import polars as pl
from pydantic import SecretStr

from contracts.domain import ERASED
from flows.config.errors import SettingError
from flows.config.secrets import reveal
from flows.config.settings import Settings
from flows.erasure.requests import Request, read_replaced, read_requests
from transforms.erasure import candidates, erase, erase_text, text_candidates


class Erasures:
    """The erasures of a lake, as they were when they were read."""

    def __init__(
        self, requests: Iterable[Request], key: bytes, replaced: Mapping[str, str] | None = None
    ) -> None:
        """Keep the requests, the key of their hashes, and the digests of rewritten files."""
        requests, self._key, self._replaced = list(requests), key, replaced or {}
        self._people = {hashed: request for request in requests for hashed in request.identifiers}
        self._orders = {hashed for request in requests for hashed in request.orders}
        self._unknown = set[str]()
        """Candidates that have been looked up without success."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been erased."""
        return not self._people and not self._orders

    def erase(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Erase the people from the rows of any table."""
        if self.is_empty:
            return rows
        pseudonyms, orders = self._recognize(candidates(rows))
        return erase(rows, pseudonyms, orders) if pseudonyms or orders else rows

    def erase_text(self, text: str) -> str:
        """Replace the identifiers in a text."""
        return erase_text(text, self.recognize_text(text)[0])

    def recognize_text(self, text: str) -> tuple[dict[str, str], set[str]]:
        """Return the pseudonyms of the identifiers in a text, and the orders in it."""
        return self._recognize(text_candidates(text))

    def request_of(self, rows: pl.DataFrame) -> Request | None:
        """Return the request that erased an identifier in some rows."""
        hashes = (keyed_hash(self._key, each) for each in candidates(rows))
        return next((self._people[each] for each in hashes if each in self._people), None)

    def original(self, digest: str) -> str:
        """Return the digest under which bronze has the contents of a file."""
        return self._replaced.get(digest, digest)

    def _recognize(self, ids: Collection[str]) -> tuple[dict[str, str], set[str]]:
        """Return the pseudonyms of the identifiers among some ids, and the orders."""
        pseudonyms, orders = dict[str, str](), set[str]()
        for each in {*ids} - self._unknown:
            hashed = keyed_hash(self._key, each)
            if request := self._people.get(hashed):
                pseudonyms[each] = pseudonym(request.id, hashed)
            elif hashed in self._orders:
                orders.add(each)
            elif len(self._unknown) < _REMEMBERED:
                self._unknown.add(each)
        return pseudonyms, orders


def known_erasures(lake: str) -> Erasures:
    """Return the erasures of a lake.

    Raises:
        SettingError: there are some, and KEYSTONE_ERASURE_KEY is missing or wrong.
    """
    requests = read_requests(lake)
    if not requests:
        return Erasures([], b"")
    return Erasures(requests, erasure_key(requests), read_replaced(lake))


def erasure_key(requests: Sequence[Request]) -> bytes:
    """Return the key of the hashes.

    Raises:
        SettingError: it is not set, is too short, or is not the key of these requests.
    """
    secret = _revealed(Settings().erasure_key.get_secret_value())
    if len(secret) < _LEAST:
        problem = "is not set" if not secret else f"has fewer than {_LEAST} characters"
        remedy = (
            "so nothing is ingested or erased; set it to the secret that all erasures of this lake "
            "use"
            if requests
            else f"so nothing is erased; choose a secret of at least {_LEAST} characters, and keep "
            "it for all later erasures"
        )
        message = (
            f"KEYSTONE_ERASURE_KEY {problem}: without it, this lake cannot recognize erased people "
            f"in new records, {remedy}"
        )
        raise SettingError(message)
    if any(request.check != keyed_hash(secret, request.id) for request in requests):
        message = (
            "KEYSTONE_ERASURE_KEY is not the key of this lake's earlier erasures, so erased people "
            "would come back; nothing was ingested or erased; set the key that was used then"
        )
        raise SettingError(message)
    return secret


def keyed_hash(key: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of a text, in hex."""
    return hmac.digest(key, text.encode(), "sha256").hex()


def pseudonym(request: str, hashed: str) -> str:
    """Return what replaces an identifier, given its keyed hash and the request's random id."""
    return ERASED + sha256(f"{request}/{hashed}".encode()).hexdigest()[: 32 - len(ERASED)]


_LEAST = 8

_REMEMBERED = 2_000_000
"""The most ids that are kept in memory, so that they need not be hashed again."""


@lru_cache(maxsize=1)
def _revealed(setting: str) -> bytes:
    """Return the secret; a block is read once, not for every table."""
    return reveal(SecretStr(setting), "erasure_key").encode()
