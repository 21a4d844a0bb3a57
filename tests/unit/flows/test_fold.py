"""Lines folded between words."""

from hypothesis import given
from hypothesis import strategies as st

from flows.config.fold import fold

WORDS = st.lists(st.sampled_from(["gold.fact_sales", "is", "(12)", "held:", "a/path.csv", "├"]))


@given(WORDS, st.integers(min_value=1, max_value=60))
def test_words_stay_whole_and_in_order(words: list[str], width: int) -> None:
    lines = fold(" ".join(["orders:", *words]), width).splitlines()
    assert " ".join(lines).split() == ["orders:", *words]


def test_the_rest_of_a_line_is_indented_below_its_beginning() -> None:
    assert fold("  orders: price_is_a_number (3), order_id_is_present (2)", 40) == (
        "  orders: price_is_a_number (3),\n    order_id_is_present (2)"
    )


def test_the_rest_of_a_branch_keeps_the_lines_of_the_tree() -> None:
    assert fold("│   ├── accepted: orders.csv, record 3", 30) == (
        "│   ├── accepted: orders.csv,\n│   │     record 3"
    )
    assert fold("└── accepted: orders.csv, record 3", 30) == (
        "└── accepted: orders.csv,\n      record 3"
    )


def test_a_command_and_a_count_stay_on_one_line() -> None:
    command = "keystone trace gold.fact_sales order_id=4f order_item_id=1"
    assert fold(f"  ├── {command}", 20) == f"  ├── {command}"
    assert fold("held; `keystone release silver.orders` allows refreshes", 20) == (
        "held;\n  `keystone release silver.orders`\n  allows refreshes"
    )
    assert fold("orders: price_is_a_number (1,234)", 30) == "orders:\n  price_is_a_number (1,234)"
