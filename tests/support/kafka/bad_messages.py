"""Kinds of messages that break the message schema, and where each ends up.

Bronze keeps the value of a message that is not a record. Silver quarantines a record that breaks
its contract. Some kinds are unusual but valid, and are accepted.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from tests.support.good_records import GOOD

Headers = list[tuple[str, str | bytes | None]]


class Bad(NamedTuple):
    """A kind of message."""

    value: Callable[[int], bytes | None]
    """The value of the message with a given number."""
    result: Literal["corrupt", "quarantined", "accepted"]
    """Corrupt: bronze has the value in `_corrupt_record`, and silver quarantines that."""
    headers: Headers | None = None
    """Its headers, if they are not those of a good message."""


def good_order(number: int, **more: Any) -> dict[str, Any]:
    """Return a valid order record with its own id."""
    ids = {"order_id": f"{number:032x}", "customer_id": f"{number:032x}"}
    return {**GOOD["orders"], **ids, **more}


def encoded(number: int, **more: Any) -> bytes:
    """Return the value of that record's message."""
    return json.dumps(good_order(number, **more)).encode()


def corrupt_text(value: bytes | None) -> str:
    """Return the expected `_corrupt_record` of a value."""
    if value is None:
        return "null"
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"base64:{b64encode(value).decode()}"


NO_RECORD: Mapping[str, Bad] = {
    "not JSON": Bad(lambda n: b"order %d is on its way" % n, "corrupt"),
    "not UTF-8": Bad(
        lambda n: encoded(n, order_status="entregue").replace(b"g", b"\xe9"), "corrupt"
    ),
    "null value": Bad(lambda _: None, "corrupt"),
    "empty value": Bad(lambda _: b"", "corrupt"),
    "an array": Bad(lambda n: b"[" + encoded(n) + b"]", "corrupt"),
    "a number": Bad(lambda n: b"%d" % n, "corrupt"),
    "a string": Bad(lambda n: b'"order %d"' % n, "corrupt"),
    "true": Bad(lambda _: b"true", "corrupt"),
    "a name twice": Bad(lambda n: encoded(n)[:-1] + b', "order_id": "another"}', "corrupt"),
    "NUL in a string": Bad(lambda n: encoded(n).replace(b"delivered", b"deli\0ered", 1), "corrupt"),
    "line break in a string": Bad(lambda n: encoded(n).replace(b"-24 ", b"-24\n", 1), "corrupt"),
    "byte order mark": Bad(lambda n: b"\xef\xbb\xbf" + encoded(n), "corrupt"),
    "deep nesting": Bad(lambda _: b"[" * 5000 + b"]" * 5000, "corrupt"),
    "NaN": Bad(lambda n: encoded(n, order_status=float("nan")), "corrupt"),
    "cut off": Bad(lambda n: encoded(n)[: 40 + n % 200], "corrupt"),
    "two objects": Bad(lambda n: encoded(n) + encoded(n + 1), "corrupt"),
}
"""Values that are not a record, in any topic."""

BAD_ORDERS: Mapping[str, Bad] = {
    **NO_RECORD,
    "nested object": Bad(lambda n: encoded(n, customer_id={"id": n}), "corrupt"),
    "nested array": Bad(lambda n: encoded(n, customer_id=[n]), "corrupt"),
    "half a surrogate pair": Bad(lambda n: encoded(n, order_status="\ud83d"), "corrupt"),
    "wrong types": Bad(lambda n: encoded(n, order_id=n, order_status=True), "quarantined"),
    "huge number": Bad(
        lambda n: encoded(n, order_approved_at=0).replace(b": 0", b": " + b"9" * 5000),
        "quarantined",
    ),
    "escaped NUL": Bad(lambda n: encoded(n, order_status="\0"), "quarantined"),
    "missing fields": Bad(lambda n: b'{"order_id": "%032x"}' % n, "quarantined"),
    "an empty object": Bad(lambda _: b"{}", "quarantined"),
    "unknown fields": Bad(lambda n: encoded(n, coupon=f"C{n}"), "accepted"),
    "event time that is none": Bad(encoded, "accepted", [("event_time", b"yesterday")]),
    "no headers": Bad(encoded, "accepted", []),
}
"""All kinds of messages in the topic of orders."""
