"""Lines of records in a CSV file: also behind quotes, blank lines and corrupt records."""

from pathlib import Path

import pytest

from flows.ingest import csv_lines
from flows.ingest.csv_lines import line_numbers
from flows.ingest.csv_reader import inspect_csv, scan_records


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,x\n2,y\n", {1: 2, 2: 3}),
        ("\ufeffa,b\r\n1,x\r\n2,y", {1: 2, 2: 3}),
        ('a,b\n1,"two\nlines"\n2,y\n', {1: 2, 2: 4}),
        ('a,b\n\n1,x\n\n2,"y"\n3,z\n', {1: 3, 2: 5, 3: 6}),
        ('a,b\n1,x"corrupt\n2,y\n3,too,many\n4,z\n', {1: 2, 2: 3, 3: 4, 4: 5}),
    ],
)
def test_line_of_each_record_is_found(
    tmp_path: Path, content: str, expected: dict[int, int]
) -> None:
    path = tmp_path / "drop.csv"
    path.write_text(content, newline="")
    assert line_numbers(path, range(1, 9)) == expected
    found = scan_records(path, inspect_csv(path), ["a"]).collect()
    assert found["_position"].to_list() == [*expected]


def test_lines_are_the_same_in_small_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "drop.csv"
    records = [f'{n},"a\nb"\n' if n % 3 == 0 else f"{n},x\n" for n in range(1, 40)]
    path.write_text("a,b\n" + "".join(records))
    expected = line_numbers(path, range(1, 40))
    lines = path.read_text().split("\n")
    assert [lines[line - 1].partition(",")[0] for line in expected.values()] == [
        f"{n}" for n in range(1, 40)
    ]
    monkeypatch.setattr(csv_lines, "_WINDOW", 7)
    assert line_numbers(path, range(1, 40)) == expected


def test_lines_of_no_records_are_none(tmp_path: Path) -> None:
    path = tmp_path / "drop.csv"
    path.write_text("a,b\n1,x\n")
    assert line_numbers(path, []) == {}
    assert line_numbers(path, [7]) == {}
