"""Tests of publishing a site."""

from pathlib import Path

import pytest

from flows.site.render import ForeignFolderError, publish

PAGES = {"index.html": "<p>hello</p>"}


def test_publish_writes_pages_and_assets(tmp_path: Path) -> None:
    first = publish(tmp_path / "new" / "docs", PAGES)
    assert first == tmp_path / "new" / "docs" / "index.html"
    assert first.read_text() == "<p>hello</p>"
    names = {file.name for file in first.parent.iterdir()} - {".keystone-site"}
    assert names == {"index.html", "site.css", "site.js"}


def test_publish_replaces_an_earlier_site(tmp_path: Path) -> None:
    publish(tmp_path / "docs", {**PAGES, "gone.html": "old"})
    publish(tmp_path / "docs", PAGES)
    assert not (tmp_path / "docs" / "gone.html").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["docs"]


def test_publish_accepts_an_empty_folder(tmp_path: Path) -> None:
    assert publish(tmp_path, PAGES).exists()


def test_publish_removes_leftovers_of_a_crash(tmp_path: Path) -> None:
    for leftover in (".docs.new", ".docs.old"):
        (tmp_path / leftover).mkdir()
        (tmp_path / leftover / "half.html").touch()
    assert publish(tmp_path / "docs", PAGES).exists()
    assert [file.name for file in tmp_path.iterdir()] == ["docs"]


def test_publish_refuses_a_folder_with_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(ForeignFolderError, match="was not changed"):
            publish(out, PAGES)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
