"""Shares of records that may break a rule: as contracts declare them."""

from typing import Any

import pytest
from polars import col

from contracts.contract import Silver, Timestamp, column, warning
from contracts.rules import rules
from contracts.share import DEFAULT_SHARE, Share


class Tills(
    Silver,
    key=("till_id",),
    quarantine_share=Share(0.3, stop=True),
    max_share={"till_id_is_a_number": 0.1, "opened_at_is_present": 0.2, "is_open": 0},
):
    """One row per till."""

    till_id: int = column(ge=1)
    opened_at: Timestamp = column()

    @warning
    def is_open(cls) -> Any:
        """The till is open."""
        return col("till_id") > 0


def test_shares_are_plain_numbers_or_stop_a_run() -> None:
    spec = Tills.spec()
    assert spec.quarantine_share == Share(0.3, stop=True)
    assert spec.max_share == {
        "till_id_is_a_number": Share(0.1),
        "opened_at_is_present": Share(0.2),
        "is_open": Share(0),
    }


def test_a_table_without_shares_has_the_default() -> None:
    class Cashiers(Silver, key=("name",)):
        """One row per cashier."""

        name: str = column()

    assert Cashiers.spec().quarantine_share == DEFAULT_SHARE
    assert not Cashiers.spec().max_share


def test_shares_change_no_rule() -> None:
    names = [rule.name for rule in rules(Tills)]
    assert names.count("opened_at_is_a_plausible_time") == 1


def test_an_unknown_rule_is_refused_with_the_known_ones() -> None:
    options: dict[str, Any] = {"key": ("name",), "max_share": {"name_is_short": 0.1, "y": 0.1}}
    said = (
        r"Misspelt: max_share names name_is_short, y, which is not a rule; its rules are "
        r"name_is_present, name_is_known$"
    )
    with pytest.raises(TypeError, match=said):

        class Misspelt(Silver, **options):
            """One row per name."""

            name: str = column(isin=["a"])


@pytest.mark.parametrize("number", [-0.1, 1.1, 30, float("nan")])
def test_a_number_that_is_no_share_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="is not a share; give a number from 0 to 1"):
        Share(number)


def test_a_share_is_printed_as_its_number() -> None:
    assert f"{Share(0.305, stop=True):.1%}" == "30.5%"
