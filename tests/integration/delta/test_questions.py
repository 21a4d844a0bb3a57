"""The SQL and the Polars code of docs/guides/questions.md give the answers on the page."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars import selectors as cs
from polars.testing import assert_frame_equal
from sqlglot import parse_one
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from flows.pipeline.runs import run
from flows.query.sql import query
from flows.sample import write_sample
from tests.support.kafka.same_tables import batch_lake
from tests.support.project import ROOT

BEGIN, *SECTIONS = (ROOT / "docs/guides/questions.md").read_text().split("\n## ")
QUESTIONS = {section.partition(".")[0]: section for section in SECTIONS}

every_question = pytest.mark.parametrize("number", QUESTIONS)
gold_alone = pytest.mark.parametrize("number", [*QUESTIONS][:10])  # Athena has no silver
Translate = Callable[[str], str]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The lake that the page's commands build."""
    folder = tmp_path_factory.mktemp("questions")
    write_sample(folder / "landing", 5_000, seed=1, dirty=0.001)
    lake, older = str(folder / "lake"), ROOT / "docs/guides/questions"
    for landing, day in (
        (folder / "landing", datetime(2018, 9, 1, tzinfo=UTC)),
        (older / "2017", datetime(2017, 1, 1, tzinfo=UTC)),
        (older / "2018-08", datetime(2018, 8, 20, tzinfo=UTC)),
    ):
        run(str(landing), lake, as_of=day)
    return lake


@pytest.fixture(scope="module")
def translate(lake: str) -> Translate:
    """Return a function that translates SQL of Athena to DuckDB, with the types of the tables."""
    tables = query(lake, "SHOW TABLES").to_series().str.split(".").to_list()
    schema: dict[str, Any] = {"gold": {}}
    for layer, table in tables:
        if layer == "gold":
            columns = query(lake, f"DESCRIBE gold.{table}")
            schema["gold"][table] = dict(columns.select("column_name", "column_type").iter_rows())

    def translated(statement: str) -> str:
        tree = parse_one(statement, read="athena")
        known = qualify(tree, schema=schema, dialect="athena", expand_alias_refs=False)
        return annotate_types(known, schema=schema, dialect="athena").sql("duckdb")

    return translated


def test_there_are_fifteen_questions() -> None:
    assert list(QUESTIONS) == [str(number) for number in range(1, 16)]


@every_question
def test_duckdb_gives_the_answer(lake: str, number: str) -> None:
    answer = "\n".join(re.findall(r"^\|.*\|$", QUESTIONS[number], re.MULTILINE))
    assert answer == _table(query(lake, _code(QUESTIONS[number], "sql")))


@every_question
def test_polars_gives_the_same_rows(lake: str, number: str) -> None:
    same = query(lake, _code(QUESTIONS[number], "sql"))
    assert_frame_equal(_alike(_polars(lake, number)), _alike(same))


@gold_alone
def test_athenas_dialect_gives_the_same_rows(lake: str, translate: Translate, number: str) -> None:
    statement = _code(QUESTIONS[number], "sql")
    same = query(lake, translate(statement))
    assert_frame_equal(_alike(same), _alike(query(lake, statement)))


def test_duckdb_and_polars_agree_on_the_real_files(olist: Path, tmp_path: Path) -> None:
    """Only the real files have sums that end in half a cent."""
    lake = str(tmp_path / "lake")
    batch_lake(lake, [olist])
    for number, section in QUESTIONS.items():
        rows = query(lake, _code(section, "sql"))
        assert_frame_equal(_alike(_polars(lake, number)), _alike(rows))


def test_athena_drops_the_remainder_of_whole_numbers(lake: str, translate: Translate) -> None:
    statement = "SELECT max(items) / 2 AS half FROM gold.fact_orders WHERE items = 1"
    assert query(lake, statement).item() == 0.5
    assert query(lake, translate(statement)).item() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT items + 1 AS more FROM gold.fact_orders GROUP BY more",
        "SELECT item FROM gold.fact_orders",
        "SELECT order_id FROM gold.fact_order",
    ],
)
def test_names_unknown_to_athena_are_refused(translate: Translate, statement: str) -> None:
    with pytest.raises(OptimizeError):
        translate(statement)


def _polars(lake: str, number: str) -> pl.DataFrame:
    """Run the page's lines for Polars on a lake."""
    names: dict[str, Any] = {}
    exec(_code(BEGIN, "python"), names)  # noqa: S102 - code of our own page
    names["LAKE"] = lake
    exec(_code(QUESTIONS[number], "python"), names)  # noqa: S102 - as above
    answer: pl.DataFrame = names["answer"]
    return answer


def _code(section: str, language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return str(block)


def _alike(rows: pl.DataFrame) -> pl.DataFrame:
    """Cast sums and counts to one type each, because each engine has its own widths."""
    whole = cs.integer() | cs.by_dtype(pl.Decimal(38, 0))  # the type of a sum of integers in DuckDB
    return rows.with_columns(whole.cast(pl.Int64)).with_columns(
        cs.decimal().cast(pl.Decimal(38, 2))
    )


def _table(rows: pl.DataFrame) -> str:
    """Format rows as on the page, with numbers aligned to the right."""
    numbers = rows.select(cs.numeric()).columns
    rule = ("---:" if name in numbers else "---" for name in rows.columns)
    lines = [rows.columns, rule, *(map(_cell, row) for row in rows.iter_rows())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: str | float | Decimal | date | None) -> str:
    if isinstance(value, int | float | Decimal):
        return f"{value:,}"
    return "" if value is None else str(value)
