"""The key of a row, from words such as `order_id=4f…`."""

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from contracts.contract import Contract
from flows.config.errors import InvalidKeyError
from flows.config.suggest import suggest


def parse_key(contract: type[Contract], words: Sequence[str]) -> pl.DataFrame:
    """Return the key that words such as `order_id=4f…` give, as a frame of one row.

    Raises:
        InvalidKeyError: a column of the key is missing, unknown, repeated or of another type.
    """
    fields, key = contract.fields(), contract.spec().key
    described = ", ".join(f"{name} ({fields[name]})" for name in key)
    usage = f"the key of {contract.spec().table} is {described}"
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            message = f"{word}: write each column of the key as COLUMN=VALUE; {usage}"
            raise InvalidKeyError(message)
        if name not in key:
            close = suggest(name, key)
            hint = f"nearest: {', '.join(close)}; " if close else ""
            message = f"{name} is not in the key; {hint}{usage}"
            raise InvalidKeyError(message)
        if name in given:
            message = f"{name} is given twice; {usage}"
            raise InvalidKeyError(message)
        given[name] = value
    if missing := [name for name in key if name not in given]:
        message = f"{', '.join(missing)} is missing; {usage}"
        raise InvalidKeyError(message)
    return pl.DataFrame([_typed(name, given[name], fields[name], usage) for name in key])


def _typed(name: str, text: str, dtype: pl.DataType, usage: str) -> pl.Series:
    try:
        if isinstance(dtype, pl.Datetime):
            time = datetime.fromisoformat(text)
            if dtype.time_zone:
                time = time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
            return pl.Series(name, [time], dtype)
        return pl.Series(name, [text], pl.String).cast(dtype)
    except (pl.exceptions.PolarsError, ValueError, TypeError, OverflowError):
        message = f"{name}: {text!r} is not of the type {dtype}; {usage}"
        raise InvalidKeyError(message) from None
