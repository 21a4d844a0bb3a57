"""The code of the guides, applied to a copy of the project."""

import re
from pathlib import Path
from shutil import copytree, ignore_patterns

from tests.support.project import ROOT

_FILE = re.compile(r"`((?:contracts|transforms)/[\w/]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)
_DIFF = re.compile(r"`([\w/]+\.py)`:\n\n```diff\n(.*?)```", re.DOTALL)
_ADDED = re.compile(r"^ (.*\n)\+(.*\n)", re.MULTILINE)


def read_guide(name: str) -> str:
    """Return the text of a guide."""
    return (ROOT / "docs/guides" / name).read_text()


def copy_packages(to: Path) -> Path:
    """Copy the packages that the guides change or run into a folder, and return the folder."""
    for package in ("contracts", "transforms", "flows", "benchmarks"):
        copytree(ROOT / package, to / package, ignore=ignore_patterns("__pycache__"))
    return to


def apply_guide(name: str, tree: Path) -> None:
    """Write the files of a guide to a copy of the project, and edit those that exist.

    The code of an existing file is appended to it. A line that a diff adds follows the line above
    it in the diff. What is there already stays as it is, so a project may keep the guide's tables.
    """
    text = read_guide(name)
    for path, code in _FILE.findall(text):
        file = tree / path
        before = f"{file.read_text()}\n\n" if file.exists() else ""
        if code not in before:
            file.write_text(before + code)
    for path, diff in _DIFF.findall(text):
        file = tree / path
        code = file.read_text()
        for before, added in _ADDED.findall(diff):
            assert before in code
            if added not in code:
                code = code.replace(before, before + added)
        file.write_text(code)
