"""Rendering of pages from templates, and writing of a site to a folder."""

import shutil
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from flows.config.plural import pluralize
from flows.site import formatting


class ForeignFolderError(Exception):
    """The output folder holds files that do not belong to a site."""


def render(template: str, **values: Any) -> str:
    """Return a template filled with values."""
    return _environment().get_template(template).render(**values)


def script(name: str) -> str:
    """Return the text of a script of one page."""
    return (files("flows.site") / "templates" / name).read_text(encoding="utf-8")


def publish(out: Path, pages: Mapping[str, str]) -> Path:
    """Write a site to a folder and return the path of its first page.

    The new site replaces the old one only after it is complete.

    Args:
        out: the folder; it is created, is empty, or holds an earlier site.
        pages: HTML by file name.

    Raises:
        ForeignFolderError: the folder holds files that do not belong to a site.
    """
    out = out.resolve()
    if out.exists() and not (out / _MARKER).exists() and (not out.is_dir() or any(out.iterdir())):
        message = (
            f"{out} holds files that are not a site, and was not changed: name an empty folder"
        )
        raise ForeignFolderError(message)
    new, old = (out.with_name(f".{out.name}.{suffix}") for suffix in ("new", "old"))
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    (new / _MARKER).write_text("Every file in this folder is replaced when the site is written.\n")
    for asset in ("site.css", "site.js"):
        (new / asset).write_bytes((files("flows.site") / "templates" / asset).read_bytes())
    for name, html in pages.items():
        (new / name).write_text(html, encoding="utf-8")
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    return out / next(iter(pages))


_MARKER = ".keystone-site"
"""A file by which a later run recognizes the folder as a site."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("flows.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Short, and in the order of the data.
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.filters.update(
        count="{:,}".format,
        percent=formatting.percent,
        pluralize=pluralize,
        prose=formatting.prose,
        statistic=formatting.statistic,
        timestamp=formatting.timestamp,
    )
    return environment
