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
        if name == "lake" and "://" in found:
            message = f"{found}: a lake lies in a folder; object storage is not there yet"
            raise MissingSettingError(message)
        if name == "lake" and (unfit := set(found) & set("[]*?#%\\")):
            message = f"{found}: the path of a lake cannot have {' '.join(sorted(unfit))} in it"
            raise MissingSettingError(message)
        return found
    message = f"where is the {name}? Say it with --{name}, or set KEYSTONE_{name.upper()}"
    raise MissingSettingError(message)
