"""A site is written as a whole, and only over a site."""

from pathlib import Path

import pytest

from flows.site.render import ForeignFolderError, publish

PAGES = {"index.html": "<p>hello</p>"}


def test_a_site_is_its_pages_and_what_they_need(tmp_path: Path) -> None:
    first = publish(tmp_path / "new" / "docs", PAGES)
    assert first == tmp_path / "new" / "docs" / "index.html"
    assert first.read_text() == "<p>hello</p>"
    names = {file.name for file in first.parent.iterdir()} - {".keystone-site"}
    assert names == {"index.html", "site.css", "site.js"}


def test_a_new_site_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    publish(tmp_path / "docs", {**PAGES, "gone.html": "old"})
    publish(tmp_path / "docs", PAGES)
    assert not (tmp_path / "docs" / "gone.html").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["docs"]


def test_an_empty_folder_may_become_a_site(tmp_path: Path) -> None:
    assert publish(tmp_path, PAGES).exists()


def test_what_a_crash_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    for left in (".docs.new", ".docs.old"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "half.html").touch()
    assert publish(tmp_path / "docs", PAGES).exists()
    assert [file.name for file in tmp_path.iterdir()] == ["docs"]


def test_files_of_somebody_else_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(ForeignFolderError, match="is left as it is"):
            publish(place, PAGES)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
