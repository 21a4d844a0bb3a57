"""Which executor runs the pipeline of a command: `local` or `prefect`."""

import os
import tomllib
from pathlib import Path
from typing import Literal

ExecutorName = Literal["local", "prefect"]


def choose_executor(given: ExecutorName | None = None) -> ExecutorName:
    """Return the executor of `--executor`, of KEYSTONE_EXECUTOR, or the default.

    The default is `prefect` if a Prefect API is configured, otherwise `local`.

    Raises:
        SettingError: KEYSTONE_EXECUTOR names no executor.
    """
    from flows.config.settings import Settings

    return given or Settings().executor or ("prefect" if _has_prefect_api() else "local")


def _has_prefect_api() -> bool:
    """Return whether PREFECT_API_URL is set in the environment or in Prefect's active profile.

    Prefect's own function would take two seconds to import.
    """
    if "PREFECT_API_URL" in os.environ:
        return bool(os.environ["PREFECT_API_URL"])
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    try:
        profiles = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE", profiles.get("active"))
    return bool(profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL"))
