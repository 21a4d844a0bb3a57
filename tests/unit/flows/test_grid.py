"""Tables on terminals of any width, and in files."""

from collections.abc import Sequence
from functools import partial
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flows.config.grid import Side, print_grid

COLUMNS = ("table", "rows", "lag (commits)", "seconds")
ROWS = [["bronze.orders", "12,345,678", "0", "0.41"], ["gold.fact_sales", "9", "1", "0.05"]]
TEXTS = [
    [
        "silver.orders",
        "40 new of bronze.orders\nchanges of gold.fact_sales",
        "all rows, if any differs",
    ],
    ["gold.fact_sales", "changes of gold.agg_monthly_categories", "by purchase_month"],
]


def printed(  # noqa: PLR0913 - the terminal, and what it shows
    width: int,
    *,
    is_terminal: bool,
    columns: Sequence[str] = COLUMNS,
    rows: Sequence[Sequence[str]] = ROWS,
    justify: Side = "right",
    optional: Sequence[str] = (),
) -> str:
    """Return rows as a terminal of this width, or a file, shows them."""
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=is_terminal, color_system=None)
    print_grid(console, columns, rows, justify, optional=optional)
    return file.getvalue()


printed_texts = partial(printed, columns=("table", "read", "write"), rows=TEXTS, justify="left")


@given(st.integers(min_value=1, max_value=120), st.booleans())
def test_names_and_numbers_are_never_broken(width: int, is_terminal: bool) -> None:
    found = printed(width, is_terminal=is_terminal).split()
    assert [cell for row in ROWS for cell in row if cell not in found] == []


def test_a_narrow_terminal_leaves_out_the_least_important_columns_first() -> None:
    optional = ("seconds", "lag (commits)")
    assert "Not shown" not in printed(60, is_terminal=True, optional=optional)
    some = " ".join(printed(48, is_terminal=True, optional=optional).split())
    assert some.endswith("Not shown, because the terminal has only 48 columns: seconds")
    few = " ".join(printed(34, is_terminal=True, optional=optional).split())
    assert few.endswith("has only 34 columns: lag (commits), seconds")
    assert "0.41" not in few


def test_a_file_has_all_columns() -> None:
    found = printed(34, is_terminal=False, optional=("seconds",))
    assert "0.41" in found
    assert "Not shown" not in found


@given(st.integers(min_value=72, max_value=120), st.booleans())
def test_texts_are_folded_between_words(width: int, is_terminal: bool) -> None:
    found = printed_texts(width, is_terminal=is_terminal).split()
    words = [word for row in TEXTS for text in row for word in text.split()]
    assert sorted(word for word in found if not set(word) <= {"─"}) == sorted(
        [*words, "table", "read", "write"]
    )


@given(st.integers(min_value=64, max_value=120))
def test_texts_are_never_wider_than_a_terminal_that_has_room(width: int) -> None:
    lines = printed_texts(width, is_terminal=True).splitlines()
    assert max(map(len, lines)) <= width


def test_a_file_has_each_line_of_a_text_on_one_line() -> None:
    found = printed_texts(34, is_terminal=False)
    assert "changes of gold.agg_monthly_categories   by purchase_month" in found
    assert "40 new of bronze.orders                  all rows, if any differs" in found


def test_a_file_has_no_spaces_at_the_ends_of_lines() -> None:
    lines = printed(80, is_terminal=False, rows=[*ROWS, ["silver.orders", "", "", ""]]).split("\n")
    assert lines == [line.rstrip() for line in lines]


def test_a_short_text_is_not_folded() -> None:
    columns, rows = ("version", "time"), [["1", "2026-11-30 19:58:12"]]
    shown = printed(20, is_terminal=True, columns=columns, rows=rows, justify="left")
    assert "2026-11-30 19:58:12" in shown


def test_a_column_of_numbers_has_room_for_words() -> None:
    rows = [["a", "1,209", "0", "0.41"], ["b", "held back", "", ""]]
    assert {"1,209", "0.41", "seconds"} <= {*printed(80, is_terminal=True, rows=rows).split()}
