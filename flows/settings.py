"""Where things lie, when nobody says so: KEYSTONE_LAKE and KEYSTONE_SOURCE."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The places that commands and flows fall back to."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_")

    lake: str = ""
    source: str = ""


class MissingSettingError(Exception):
    """A place was neither given nor set, or cannot be one."""


def place(name: str, given: str | None) -> str:
    """Return a place as it was given, else as it is set in the environment.

    Raises:
        MissingSettingError: neither, or no table can lie there.
    """
    if found := str(given or getattr(Settings(), name)):
        return fit(name, found)
    message = f"where is the {name}? Say it with --{name}, or set KEYSTONE_{name.upper()}"
    raise MissingSettingError(message)


def fit(name: str, found: str) -> str:
    """Return a place that can be one: a folder, or a bucket of S3 with or without a prefix.

    Raises:
        MissingSettingError: it cannot; says why.
    """
    scheme, there, rest = found.partition("://")
    if there and (scheme != "s3" or not rest.partition("/")[0]):
        message = f"{found}: a {name} lies in a folder, or on S3 as s3://bucket/prefix"
        raise MissingSettingError(message)
    # Deltalake takes the name of a table for a part of a URL, Polars that of a file for a pattern.
    unfit = set("[]*?#%\\ " if there else "[]*?#%\\" if name == "lake" else "")
    if strange := set(found) & unfit:
        message = f"{found}: the path of a {name} cannot have {' '.join(sorted(strange))} in it"
        raise MissingSettingError(message)
    return found
