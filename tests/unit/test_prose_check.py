"""The check of words and line lengths."""

from pathlib import Path

import pytest

from tests.support.prose.check import problems


def _found(folder: Path, name: str, text: str) -> list[str]:
    path = folder / name
    path.write_text(text)
    return [each.removeprefix(f"{path}:") for each in problems(path)]


def test_retired_word_is_reported_with_its_replacement(tmp_path: Path) -> None:
    assert _found(tmp_path, "page.md", "One line.\nDo it Anew.\n") == [
        "2: 'anew': say again; from the start; rebuild"
    ]


@pytest.mark.parametrize("name", ["made_anew", "MadeAnew", "ANEW"])
def test_retired_word_is_found_in_names(name: str, tmp_path: Path) -> None:
    assert len(_found(tmp_path, "module.py", f"{name} = 1\n")) == 1


@pytest.mark.parametrize("text", ["renewed", "a fateful day", "unfateful", "sifter"])
def test_part_of_another_word_is_not_reported(text: str, tmp_path: Path) -> None:
    assert _found(tmp_path, "page.md", text) == []


def test_word_retired_for_names_is_allowed_in_text(tmp_path: Path) -> None:
    assert _found(tmp_path, "module.py", '"""It is behind."""\n') == []
    assert _found(tmp_path, "module.py", "behind = 1\n") == [
        "1: name behind: say downstream; upstream; lag"
    ]


def test_code_span_and_allowed_text_are_not_reported(tmp_path: Path) -> None:
    assert _found(tmp_path, "page.md", "The module `flows.noted`.") == []
    assert _found(tmp_path, "module.py", 'row["hurt"]\n') == []


def test_long_line_of_prose_is_reported(tmp_path: Path) -> None:
    assert _found(tmp_path, "page.md", "word " * 25) == ["1: a line of prose has 125 characters"]
    assert len(_found(tmp_path, "settings.yaml", "# " + "word " * 25)) == 1


@pytest.mark.parametrize("start", ["| ", "    ", "```\n", "<picture> "])
def test_long_line_of_a_table_or_code_is_allowed(start: str, tmp_path: Path) -> None:
    assert _found(tmp_path, "page.md", start + "word " * 25) == []
