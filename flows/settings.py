"""What holds when nobody says otherwise: KEYSTONE_LAKE and its sisters."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_DEPLOYED = "PREFECT__FLOW_RUN_ID"  # what a worker sets for the process of a run


class Settings(BaseSettings):
    """The places that commands and flows fall back to, and what they bear."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_")

    lake: str = ""
    source: str = ""
    archive: str = ""
    quarantine_share: float = Field(default=0.01, ge=0, le=1)
    """What share of the records of a refresh may go to quarantine before it is told."""


class MissingSettingError(Exception):
    """A place was neither given nor set, or cannot be one."""


def place(name: str, given: str | None) -> str:
    """Return a place as it was given, else as it is set in the environment.

    Raises:
        MissingSettingError: neither, or no table can lie there.
    """
    if found := str(given or getattr(Settings(), name)):
        if _DEPLOYED in os.environ and "://" not in found and not Path(found).is_absolute():
            message = (
                f"{found}: a deployed run works in a folder that is removed at its end; "
                f"give the {name} as an absolute path"
            )
            raise MissingSettingError(message)
        return _fit(name, found)
    message = f"where is the {name}? Say it with --{name}, or set KEYSTONE_{name.upper()}"
    raise MissingSettingError(message)


def _fit(name: str, found: str) -> str:
    """Return a place that can be one: a folder, or a bucket of S3 with or without a prefix.

    Raises:
        MissingSettingError: it cannot; says why.
    """
    scheme, there, rest = found.partition("://")
    if there and (scheme != "s3" or not rest.partition("/")[0]):
        message = f"{found}: a {name} lies in a folder, or on S3 as s3://bucket/prefix"
        raise MissingSettingError(message)
    where = found if there or name != "lake" else str(Path(found).absolute())
    # Deltalake takes the name of a table for a part of a URL, Polars that of a file for a pattern,
    # and a folder with an equals sign above a table's partitions for one of them.
    unfit = set("[]*?#%\\ " if there else "") | set("[]*?#%\\=" if name == "lake" else "")
    if strange := set(where) & unfit:
        message = f"{where}: the path of a {name} cannot have {' '.join(sorted(strange))} in it"
        raise MissingSettingError(message)
    return found
