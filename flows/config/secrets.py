"""Secrets that are kept elsewhere: in a Prefect block, or by one in AWS Secrets Manager."""

import json
from typing import Any

from pydantic import SecretStr

from flows.config.errors import SettingError

BLOCK = "block:"
"""What a setting begins with that names a block: `block:secret/kafka`, `block:aws-secret/kafka`."""


def reveal(setting: SecretStr, field: str) -> str:
    """Return the secret itself: the setting's value, or what the block holds that it names.

    A block may hold several secrets as a JSON object, as MSK has it for SCRAM: `field` is taken.

    Raises:
        SettingError: the block is not there or cannot be read; it is named, no secret is.
    """
    value = setting.get_secret_value()
    if not value.startswith(BLOCK):
        return value
    try:
        held = _held(value.removeprefix(BLOCK))
        try:
            read = json.loads(held)
        except ValueError:
            return held
        return str(read[field]) if isinstance(read, dict) else held
    except Exception as error:  # noqa: BLE001 - a block may raise anything, and the chain would show its secret
        why = f"has no `{field}`" if isinstance(error, KeyError) else f"cannot be read: {error}"
        message = f"the Prefect block {value.removeprefix(BLOCK)} {why}"
        raise SettingError(message) from None


def load_block(name: str) -> Any:
    """Return a Prefect block, also where an event loop runs, as in a notebook."""
    from prefect.blocks.core import Block

    from flows.config.prefect_server import start_server

    start_server()
    return Block.load(name, _sync=True)  # type: ignore[call-arg]  # its decorator takes this, unseen by types


def _held(name: str) -> str:
    from prefect.blocks.system import Secret
    from prefect_aws import AwsSecret

    block = load_block(name)
    if isinstance(block, AwsSecret):
        held: Any = block.read_secret(_sync=True)
        return held.decode() if isinstance(held, bytes) else str(held)
    if isinstance(block, Secret):
        # Not its `get`, which would make a number of a password of digits.
        inner = block.value.get_secret_value()
        return inner if isinstance(inner, str) else json.dumps(inner)
    message = "it is neither a Secret nor an AWS Secret"
    raise TypeError(message)
