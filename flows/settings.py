"""Where things lie, when nobody says so: KEYSTONE_LAKE and KEYSTONE_SOURCE."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The places that commands and flows fall back to."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_")

    lake: str = ""
    source: str = ""


class MissingSettingError(Exception):
    """A place was neither given nor set."""


def place(name: str, given: str | None) -> str:
    """Return a place as it was given, else as it is set in the environment.

    Raises:
        MissingSettingError: neither.
    """
    if found := given or getattr(Settings(), name):
        return str(found)
    message = f"where is the {name}? Say it with --{name}, or set KEYSTONE_{name.upper()}"
    raise MissingSettingError(message)
