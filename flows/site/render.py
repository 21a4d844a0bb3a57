"""The shell of every site: one layout, one style sheet, one small script; a folder of files."""

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
    """A site was to be written over files that are not a site's."""


def page(template: str, **said: Any) -> str:
    """Return a page: a template that extends `base.html`, filled in."""
    return _templates().get_template(template).render(**said)


def publish(out: Path, pages: Mapping[str, str]) -> Path:
    """Write a site, by file name, in the place of the one that was there; return its first page.

    The new site is complete before the old one goes.

    Raises:
        ForeignFolderError: the folder holds something else.
    """
    out = out.resolve()
    if out.exists() and not (out / _MARKER).exists() and (not out.is_dir() or any(out.iterdir())):
        message = f"{out}: is not a site of ours, and is left as it is; name a new or empty folder"
        raise ForeignFolderError(message)
    fresh, old = (out.with_name(f".{out.name}.{which}") for which in ("new", "old"))
    for left in (fresh, old):
        shutil.rmtree(left, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / _MARKER).write_text("Whatever is in this folder is written anew with the site.\n")
    for asset in ("site.css", "site.js"):
        (fresh / asset).write_bytes((files("flows.site") / "templates" / asset).read_bytes())
    for name, html in pages.items():
        (fresh / name).write_text(html, encoding="utf-8")
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    return out / next(iter(pages))


_MARKER = ".keystone-site"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("flows.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count="{:,}".format,
        pluralize=pluralize,
        moment=formatting.moment,
        percent=formatting.percent,
        prose=formatting.prose,
        value=formatting.value,
    )
    return environment
