"""Settings from the environment, such as KEYSTONE_LAKE, and checks of locations."""

import os
import re
import unicodedata
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from flows.config.errors import SettingError
from flows.config.masking import mask

_DEPLOYED = "PREFECT__FLOW_RUN_ID"  # set by a worker in the process of a run


class Environment(BaseSettings):
    """Settings that are read from the environment.

    Raises:
        SettingError: a value is invalid; names the variable, not the value.
    """

    def __init__(self, **given: Any) -> None:
        """Read the settings that are not given."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            problems = (f"{self._variable(each['loc'])}: {each['msg']}" for each in error.errors())
            # Pydantic's error would show the value, which may be a secret.
            raise SettingError("; ".join(problems)) from None

    def _variable(self, location: tuple[int | str, ...]) -> str:
        """Return the name of the environment variable that a setting is read from."""
        prefix = self.model_config.get("env_prefix", "")
        name = "_".join(map(str, location)).upper()
        return prefix + name.removeprefix(prefix)  # an alias has the prefix already


class Settings(Environment):
    """The default locations of commands and flows, and their limits."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_")

    lake: str = ""
    source: str = ""
    archive: str = ""
    quiet_seconds: float = Field(default=120, ge=0)
    """Seconds that a file must not have changed before it is archived."""
    executor: Literal["local", "prefect"] | None = None
    """What runs the pipeline: threads of the process, or a Prefect flow run."""
    alert_url: SecretStr = SecretStr("")
    """Where `keystone check` sends alarms, in the syntax of Apprise; or the block that has it."""
    docs_url: str = ""
    """The address of the data docs, to which the assets of the tables and the report link."""
    report_url: str = ""
    """The address of the report, to which the data docs link."""
    owners: tuple[str, ...] = ()
    """The owners of the tables, shown by assets, data docs and exported contracts: a JSON list."""
    erasure_key: SecretStr = SecretStr("")
    """The secret by which a lake recognizes the identifiers of erased people, or its block."""
    chunk_rows: int = Field(default=6_000_000, gt=0, le=1_000_000_000)
    """The most rows that a step holds in memory at once; 6 million need about 1.5 GB."""


def resolve_location(name: str, given: str | None) -> str:
    """Return a location as given, or as configured in the environment.

    Raises:
        SettingError: it is neither given nor configured, or it is invalid.
    """
    settings = Settings()  # all settings, so that every invalid one is reported at the start
    if found := str(given or getattr(settings, name)):
        if _DEPLOYED in os.environ and "://" not in found and not Path(found).is_absolute():
            message = (
                f"{found}: the working directory of a deployed run is removed at its end; "
                f"give the {name} as an absolute path"
            )
            raise SettingError(message)
        return _check_location(name, found)
    message = f"the {name} is not set; use --{name} or KEYSTONE_{name.upper()}"
    raise SettingError(message)


def dask_address(runner: str | None) -> str | None:
    """Return the address in `dask=ADDRESS`, an empty one for `dask`, None if no runner is given.

    Raises:
        SettingError: there is no such runner, or its address has credentials in it.
    """
    kind, _, address = (runner or "").partition("=")
    check_no_secret("runner", address)
    if kind and kind != "dask":
        message = f"there is no runner {runner}; use dask, or dask=ADDRESS of a scheduler"
        raise SettingError(message)
    return address if kind else None


def check_no_secret(name: str, given: str) -> None:
    """Reject an address with a user or password in it, which logs and Prefect would store.

    Raises:
        SettingError: it has one; the message shows it masked.
    """
    if (masked := mask(given)) != given:
        message = (
            f"{masked}: a {name} cannot contain a user or a password; put credentials in the "
            "environment, an AWS profile or a Prefect block"
        )
        raise SettingError(message)


def _check_location(name: str, location: str) -> str:
    """Return a valid location: a folder, or an S3 bucket with or without a prefix.

    Raises:
        SettingError: it is invalid; says why.
    """
    check_no_secret(name, location)
    # Neither deltalake nor a log line can contain these. A surrogate is a byte that is not UTF-8.
    if {unicodedata.category(each) for each in location} & {"Cc", "Cs", "Zl", "Zp"}:
        message = f"the path of a {name} cannot contain control characters: {location!a}"
        raise SettingError(message)
    scheme, separator, rest = location.partition("://")
    bucket, _, key = rest.partition("/")
    is_uri = bool(separator)
    if (is_uri and (scheme != "s3" or not bucket)) or re.match(r"s3[an]?:/(?!/)", location):
        message = f"{location}: a {name} is a folder, or a location on S3 as s3://bucket/prefix"
        raise SettingError(message)
    if is_uri and {"", ".", ".."} & set(key.rstrip("/").split("/") if key else ()):
        message = f"{location}: a prefix on S3 cannot have an empty part, `.` or `..`"
        raise SettingError(message)
    path = location if is_uri or name != "lake" else str(Path(location).absolute())
    # Deltalake reads a table's path as part of a URL, and Polars a file's path as a pattern; both
    # read a folder with an equals sign as a partition of the tables below it.
    reserved = set("[]*?#%\\ " if is_uri else "") | set("[]*?#%\\=" if name == "lake" else "")
    if found := set(path) & reserved:
        message = f"{path}: the path of a {name} cannot contain {' '.join(sorted(found))}"
        raise SettingError(message)
    if not is_uri and name == "lake" and (file := _file_in_path(Path(path))):
        message = f"{file} is a file: a lake must be a folder"
        raise SettingError(message)
    return location


def _file_in_path(path: Path) -> Path | None:
    return next((each for each in (path, *path.parents) if each.is_file()), None)
