"""Tables on terminals of any width, and in files."""

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flows.config.grid import print_grid

COLUMNS = ("table", "rows", "lag (commits)", "seconds")
ROWS = [["bronze.orders", "12,345,678", "0", "0.41"], ["gold.fact_sales", "9", "1", "0.05"]]


def printed(width: int, *, is_terminal: bool, optional: tuple[str, ...] = ()) -> str:
    """Return the rows as a terminal of this width, or a file, shows them."""
    file = StringIO()
    console = Console(file=file, width=width, force_terminal=is_terminal, color_system=None)
    print_grid(console, COLUMNS, ROWS, optional=optional)
    return file.getvalue()


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
