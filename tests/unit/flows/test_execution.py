"""The results of the steps of a run: what failed, what was skipped, what was held back."""

from typing import Any

from flows.config.errors import HeldBackError, TableError
from flows.pipeline.execution import Ended
from flows.pipeline.step import Step


def step(table: str, *after: str) -> Step[Any]:
    return Step(table, lambda: None, after=after)


STEPS = [
    step("dim_a"),
    step("dim_b"),
    step("fact_a", "dim_a"),
    step("mart_a", "fact_a"),
    step("mart_b", "dim_b"),
    step("mart_ab", "mart_a", "mart_b"),
]


def test_tables_that_need_only_tables_held_back_are_held_back() -> None:
    ended = Ended[Any](
        errors={"dim_a": HeldBackError("silver.a: x"), "dim_b": TableError("dim_b: broken")},
        skipped=["fact_a", "mart_a", "mart_b", "mart_ab"],
    )
    results = ended.results(STEPS)
    assert results.undone == {
        "dim_b": "failed",
        "mart_b": "skipped",
        "mart_ab": "skipped",
        "dim_a": "held back",
        "fact_a": "held back",
        "mart_a": "held back",
    }
    assert results.held_back == ["silver.a: x"]
    assert results.failures == [
        "dim_b: broken",
        "skipped, because they need a table that failed: mart_b, mart_ab",
    ]


def test_each_cause_is_named_once() -> None:
    errors = {
        "dim_a": HeldBackError("silver.a: x", "silver.b: y"),
        "dim_b": HeldBackError("silver.b: y"),
    }
    results = Ended[Any](errors={**errors}).results(STEPS)
    assert (results.held_back, results.failures) == (["silver.a: x", "silver.b: y"], [])
