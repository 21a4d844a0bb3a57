"""Contracts as files that other tools read."""

import json
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import yaml

from contracts.contract import Bronze, Contract
from contracts.describe import every_contract
from contracts.message_schema import json_schema
from contracts.odcs import file_name, odcs_document
from flows.config.errors import SettingError, UnknownTableError
from flows.config.settings import Settings
from flows.config.suggest import suggest


def export_contracts(form: str, folder: Path, asked: Sequence[str]) -> list[Path]:
    """Write a file for each contract, and return the files.

    Args:
        form: `odcs`, or `json-schema`, which only bronze tables have: that of their messages.
        folder: where to write; created if it does not exist.
        asked: the names of tables, with or without their layer; all tables if empty.

    Raises:
        SettingError: none of the tables has a contract in that format.
        UnknownTableError: there is no such table.
    """
    files = dict(filter(None, map(_FORMATS[form], _named(asked))))
    if not files:
        message = (
            f"no {form} for {', '.join(asked)}: only bronze tables have one; name bronze tables, "
            f"or use --format odcs"
        )
        raise SettingError(message)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def _named(asked: Sequence[str]) -> list[type[Contract]]:
    every = {contract.spec().table: contract for contract in every_contract()}
    for name in asked:
        if not any(_is_named(table, name) for table in every):
            near = suggest(name, every)
            hint = f"nearest: {', '.join(near)}" if near else f"there are {', '.join(every)}"
            message = f"there is no table {name}; {hint}"
            raise UnknownTableError(message)
    return [
        contract
        for table, contract in every.items()
        if not asked or any(_is_named(table, name) for name in asked)
    ]


def _is_named(table: str, name: str) -> bool:
    return name.lower() in {table, table.partition(".")[2]}


def _odcs(contract: type[Contract]) -> tuple[str, str]:
    document = odcs_document(contract, release=version("keystone-nexus"), owners=Settings().owners)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return file_name(contract.spec().table), text


def _json_schema(contract: type[Contract]) -> tuple[str, str] | None:
    if not issubclass(contract, Bronze):
        return None
    text = json.dumps(json_schema(contract), indent=2, ensure_ascii=False)
    return f"{contract.spec().table}.schema.json", f"{text}\n"


_FORMATS: dict[str, Callable[[type[Contract]], tuple[str, str] | None]] = {
    "odcs": _odcs,
    "json-schema": _json_schema,
}
