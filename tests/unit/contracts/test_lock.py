"""The lock file describes the contracts as they are."""

from contracts.describe import described
from flows.cli.contract_history import LOCK, lock_text


def test_the_lock_file_is_up_to_date() -> None:
    assert LOCK.read_text(encoding="utf-8") == lock_text(described()), (
        "contracts.lock.json is out of date: run `keystone contracts lock` and commit it"
    )


def test_the_lock_file_has_a_line_for_each_column_and_rule() -> None:
    sellers = {
        "columns": {"id": {"type": "String", "rules": {"a": {}}}, "são": {}},
        "rules": {},
        "key": ["id"],
    }
    assert lock_text({"silver.sellers": sellers}).splitlines() == [
        "{",
        '  "silver.sellers": {',
        '    "columns": {',
        '      "id": {"type": "String", "rules": {"a": {}}},',
        '      "são": {}',
        "    },",
        '    "rules": {},',
        '    "key": ["id"]',
        "  }",
        "}",
    ]
