"""What holds when nobody says otherwise: KEYSTONE_LAKE and its sisters."""

import os
import re
import unicodedata
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from flows.config.errors import SettingError
from flows.config.masking import mask

MAX_RETENTION_DAYS = 3650
"""How long versions of tables may be kept: who asks for more has made a slip."""

_DEPLOYED = "PREFECT__FLOW_RUN_ID"  # what a worker sets for the process of a run


class Environment(BaseSettings):
    """Settings that are read from the environment, and name what is wrong there.

    Raises:
        SettingError: a value cannot be what it is meant to be.
    """

    def __init__(self, **given: Any) -> None:
        """Read them, but for those that are given."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            prefix = self.model_config.get("env_prefix", "")
            names = ("_".join(map(str, each["loc"])).upper() for each in error.errors())
            wrong = (
                f"{prefix}{name.removeprefix(prefix)}: {each['msg']}"  # an alias has the prefix
                for name, each in zip(names, error.errors(), strict=True)
            )
            raise SettingError("; ".join(wrong)) from None  # whose text shows the value


class Settings(Environment):
    """The places that commands and flows fall back to, and what they bear."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_")

    lake: str = ""
    source: str = ""
    archive: str = ""
    quarantine_share: float = Field(default=0.01, ge=0, le=1)
    """What share of the records of a refresh may go to quarantine before it is told."""
    quiet_seconds: float = Field(default=120, ge=0)
    """How long a file must not have changed before it is moved out of the landing zone."""
    executor: Literal["local", "prefect"] | None = None
    """What runs the pipeline: threads of the process, or a Prefect flow run."""
    chunk_rows: int = Field(default=8_000_000, gt=0, le=1_000_000_000)
    """The most rows that a step holds in memory at once; 8 million take about 2 GB."""


def resolve_location(name: str, given: str | None) -> str:
    """Return a place as it was given, else as it is set in the environment.

    Raises:
        SettingError: neither, or no table can lie there.
    """
    settings = Settings()  # all of it, so that what is wrong there is told before anything is done
    if found := str(given or getattr(settings, name)):
        if _DEPLOYED in os.environ and "://" not in found and not Path(found).is_absolute():
            message = (
                f"{found}: a deployed run works in a folder that is removed at its end; "
                f"give the {name} as an absolute path"
            )
            raise SettingError(message)
        return _fit(name, found)
    message = f"where is the {name}? Say it with --{name}, or set KEYSTONE_{name.upper()}"
    raise SettingError(message)


def dask_address(runner: str | None) -> str | None:
    """Return the address in `dask=ADDRESS`, an empty one for `dask`, nothing where none is given.

    Raises:
        SettingError: there is no such runner, or a secret stands in its address.
    """
    kind, _, address = (runner or "").partition("=")
    check_no_secret("runner", address)
    if kind and kind != "dask":
        message = f"there is no runner {runner}; there is dask, or dask=ADDRESS of a scheduler"
        raise SettingError(message)
    return address if kind else None


def check_no_secret(name: str, given: str) -> None:
    """Refuse an address with a user or a password in it, which logs and Prefect would keep.

    Raises:
        SettingError: it has one; shows it masked.
    """
    if (masked := mask(given)) != given:
        message = (
            f"{masked}: a {name} cannot hold a user or a password; credentials belong in the "
            "environment, an AWS profile or a Prefect block"
        )
        raise SettingError(message)


def _fit(name: str, found: str) -> str:
    """Return a place that can be one: a folder, or a bucket of S3 with or without a prefix.

    Raises:
        SettingError: it cannot; says why.
    """
    check_no_secret(name, found)
    # Neither deltalake nor a log line can hold these; a surrogate stands for a byte of no UTF-8.
    if {unicodedata.category(each) for each in found} & {"Cc", "Cs", "Zl", "Zp"}:
        message = f"the path of a {name} cannot have control characters in it: {found!a}"
        raise SettingError(message)
    scheme, there, rest = found.partition("://")
    bucket, _, key = rest.partition("/")
    if (there and (scheme != "s3" or not bucket)) or re.match(r"s3[an]?:/(?!/)", found):
        message = f"{found}: a {name} lies in a folder, or on S3 as s3://bucket/prefix"
        raise SettingError(message)
    if there and {"", ".", ".."} & set(key.rstrip("/").split("/") if key else ()):
        message = f"{found}: a prefix on S3 has no empty part and no `.` or `..` in it"
        raise SettingError(message)
    where = found if there or name != "lake" else str(Path(found).absolute())
    # Deltalake takes the name of a table for a part of a URL, Polars that of a file for a pattern,
    # and a folder with an equals sign above a table's partitions for one of them.
    unfit = set("[]*?#%\\ " if there else "") | set("[]*?#%\\=" if name == "lake" else "")
    if strange := set(where) & unfit:
        message = f"{where}: the path of a {name} cannot have {' '.join(sorted(strange))} in it"
        raise SettingError(message)
    if not there and name == "lake" and (file := _file_on_the_way(Path(where))):
        message = f"{file} is a file: a lake lies in a folder"
        raise SettingError(message)
    return found


def _file_on_the_way(path: Path) -> Path | None:
    return next((each for each in (path, *path.parents) if each.is_file()), None)
