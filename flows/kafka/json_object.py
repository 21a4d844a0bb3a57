"""JSON objects in messages: parsed strictly, with their values as the text that bronze stores."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

_MAX_DIGITS = 400  # a longer number is kept as text, because Python limits the digits of an int


class InvalidRecordError(ValueError):
    """A message is not a record; says why, without a value of the message."""


def decode_text(value: bytes | str | None) -> str | None:
    """Return a text, or None for null and for bytes that are not UTF-8."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return None


def parse_object(text: str) -> dict[str, Any]:
    """Parse one JSON object with unique names. Numbers that JSON would change stay text.

    Raises:
        InvalidRecordError: the text is anything else.
    """
    try:
        record = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=lambda digits: _number(int, digits),
            parse_float=lambda digits: _number(float, digits),
            parse_constant=lambda _: reject("a number is not finite"),
        )
    except InvalidRecordError:
        raise
    except (ValueError, RecursionError):
        reject("it is not JSON")
    return record if isinstance(record, dict) else reject("it is not a JSON object")


def column_text(value: Any) -> str | None:
    """Return the value of a column as text: a string as it is, anything else as JSON.

    Raises:
        InvalidRecordError: it is an object or an array, or has an unpaired surrogate.
    """
    if isinstance(value, dict | list):
        reject("a column holds an object or an array")
    text = value if value is None or isinstance(value, str) else json.dumps(value)
    try:
        if text:
            text.encode()
    except UnicodeEncodeError:
        reject("a column has an unpaired surrogate")
    return text


def reject(reason: str) -> NoReturn:
    """Raise an `InvalidRecordError`."""
    raise InvalidRecordError(reason) from None


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(members)
    return record if len(record) == len(members) else reject("a name is repeated")


def _number(kind: Callable[[str], int | float], digits: str) -> int | float | str:
    """Return a number, or its digits as text where its JSON would differ."""
    if len(digits) > _MAX_DIGITS:
        return digits
    number = kind(digits)
    return number if repr(number) == digits else digits  # `repr` writes numbers as JSON does
