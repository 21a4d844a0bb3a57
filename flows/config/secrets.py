"""Secrets that are stored in a Prefect block, or through one in AWS Secrets Manager."""

import json
from typing import Any

from pydantic import SecretStr

from flows.config.errors import SettingError
from flows.config.extras import require

BLOCK = "block:"
"""The prefix of a setting that names a block: `block:secret/kafka`, `block:aws-secret/kafka`."""


def reveal(setting: SecretStr, field: str) -> str:
    """Return the secret: the value of the setting, or of the block that it names.

    A block may hold several secrets as a JSON object, as MSK requires for SCRAM: return `field`.

    Raises:
        SettingError: the block is missing or cannot be read; the message shows no secret.
    """
    value = setting.get_secret_value()
    if not value.startswith(BLOCK):
        return value
    try:
        secret = _block_value(value.removeprefix(BLOCK))
        try:
            fields = json.loads(secret)
        except ValueError:
            return secret
        return str(fields[field]) if isinstance(fields, dict) else secret
    except Exception as error:  # noqa: BLE001 - a block may raise anything, and its traceback would show the secret
        problem = f"has no `{field}`" if isinstance(error, KeyError) else f"cannot be read: {error}"
        message = f"the Prefect block {value.removeprefix(BLOCK)} {problem}"
        raise SettingError(message) from None


def load_block(name: str) -> Any:
    """Return a Prefect block; works also inside a running event loop, as in a notebook."""
    from prefect.blocks.core import Block

    from flows.config.prefect_server import start_server

    start_server()
    return Block.load(name, _sync=True)  # type: ignore[call-arg]  # its decorator adds `_sync`


def _block_value(name: str) -> str:
    from prefect.blocks.system import Secret

    if name.startswith("aws-secret/"):
        require("prefect_aws", "secrets of AWS are read")
    block = load_block(name)
    if hasattr(block, "read_secret"):  # an `AwsSecret`
        secret: Any = block.read_secret(_sync=True)
        return secret.decode() if isinstance(secret, bytes) else str(secret)
    if isinstance(block, Secret):
        # Not its `get`, which turns a password of digits into a number.
        content = block.value.get_secret_value()
        return content if isinstance(content, str) else json.dumps(content)
    message = "it is neither a Secret nor an AWS Secret"
    raise TypeError(message)
