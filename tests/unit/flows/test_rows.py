"""Rows on the terminal."""

import pytest

from flows.cli import rows
from flows.cli.rows import print_rows


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a terminal of 20 columns."""
    monkeypatch.setattr(rows, "_terminal_width", lambda: 20)


def test_a_pipe_gets_a_table_of_any_width(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["name", "n"], [["a" * 30, 1], ["ü", 20]])
    first, names, line, *lines, last = capsys.readouterr().out.split("\n")[:-1]
    assert (first, last) == ("", "")
    assert names == f" name{' ' * 29}n"
    assert line == f" {'─' * 34}"
    assert lines == [f" {'a' * 30}   1", f" ü{' ' * 29}  20"]


@pytest.mark.usefixtures("terminal")
def test_a_table_that_fits_the_terminal_stays_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["name", "n"], [["a", 1]])
    assert capsys.readouterr().out.splitlines()[1] == " name  n"


@pytest.mark.usefixtures("terminal")
def test_a_wide_table_becomes_records(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["name", "number"], [["a" * 20, 1], [None, 2]])
    assert capsys.readouterr().out.splitlines() == [
        f"── 1 {'─' * 15}",
        f"  name  {'a' * 20}",
        "number  1",
        f"── 2 {'─' * 15}",
        "  name",
        "number  2",
    ]


@pytest.mark.usefixtures("terminal")
def test_a_wide_table_without_rows_becomes_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["a_long_name", "another_name"], [])
    assert capsys.readouterr().out.splitlines() == ["a_long_name,", "  another_name"]


def test_a_value_has_one_line_and_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["text"], [["a\nb\x1b[31m"]])
    assert capsys.readouterr().out.splitlines()[3] == r" a\nb\x1b[31m"


def test_a_float_has_six_decimals_unless_they_are_zero(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["x"], [[1 / 3], [1e-9]])
    assert [line.strip() for line in capsys.readouterr().out.splitlines()[3:5]] == [
        "0.333333",
        "1e-09",
    ]
