"""docs/reference names every command, option and setting, and no other."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from flows.cli import app
from flows.config.settings import Settings
from flows.kafka.client import KafkaSettings
from flows.storage.s3 import S3Settings
from tests.support.project import ROOT

REFERENCE = ROOT / "docs/reference"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield a command, or those of a group, with the names that people type."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for part, each in command.commands.items():
        yield from _commands(each, f"{name} {part}")


COMMANDS = dict(_commands(typer.main.get_command(app), "keystone"))
SECTIONS = dict(
    section.split("\n", 1) for section in (REFERENCE / "cli.md").read_text().split("\n### ")[1:]
)
SETTINGS = {
    f"{model.model_config['env_prefix']}{field}".upper()
    for model in (Settings, S3Settings, KafkaSettings)
    for field in model.model_fields
}


def test_cli_reference_has_every_command_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_cli_reference_has_the_options_of_the_command(name: str) -> None:
    options = {option for each in COMMANDS[name].params for option in each.opts if option[0] == "-"}
    documented = re.findall(r"^\| `(--[a-z-]+)", SECTIONS.get(name, ""), re.MULTILINE)
    assert sorted(documented) == sorted(options - {"--help"})


def test_settings_reference_has_every_setting_and_no_other() -> None:
    page = (REFERENCE / "settings.md").read_text()
    assert set(re.findall(r"^\| `(KEYSTONE_[A-Z0-9_]+)`", page, re.MULTILINE)) == SETTINGS


def test_installation_reference_has_every_extra_of_users_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (REFERENCE / "install.md").read_text()
    extras = {*re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)}
    assert extras == project["optional-dependencies"].keys() - {"bench", "dev"}
