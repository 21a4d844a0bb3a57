"""The same tables by dbt-duckdb: `python -m benchmarks.dbt_refresh SOURCE DATABASE`.

The models are the statements of `duckdb_*.sql`, each in a file of its own: silver, dimensions and
facts are incremental models, merged by their key and limited to the orders, people and products
that a delivery concerns; marts are tables. The first run builds all tables, a later one brings them
up to date. Deliveries are limited as in `duckdb_merge`, and records that DuckDB cannot read are not
kept. dbt has an environment of its own, `.venv/dbt`.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.duckdb_build import script
from benchmarks.tables import FACTS_AND_DIMENSIONS, KEYS, RECORDS

DBT = Path(".venv/dbt/bin/dbt").absolute()


def refresh(source: Path, database: Path) -> None:
    """Write the project beside the database, and run it on a delivery."""
    project = database.parent / "dbt"
    if not database.exists():
        for name, text in _project().items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    environment = {"DATABASE": str(database.absolute()), "DBT_PROFILES_DIR": str(project)}
    given = json.dumps({"source": str(source.resolve())})
    command = [str(DBT), "--quiet", "run", "--project-dir", str(project), "--vars", given]
    subprocess.run(command, env={**os.environ, **environment}, check=True)


PROJECT = """
name: shop
profile: shop
flags: {send_anonymous_usage_stats: false}
on-run-start: "{{ create_macros() }}"
"""
PROFILE = """
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: "{{ env_var('DATABASE') }}", threads: 2}
"""
MACROS = """
{% macro create_macros() %}SQL{% endmacro %}

{% macro delivered(file) %}
{% set found = "FROM glob('" ~ var("source") ~ "/" ~ file ~ "')" %}
{{ return(not execute or run_query(found) | length > 0) }}
{% endmacro %}

{% macro changed(table, column) %}
{% set keys = ref("changed_" ~ table) %}
{% if is_incremental() %}
(SELECT * FROM {{ ref(table) }} WHERE {{ column }} IN (FROM {{ keys }})) AS {{ table }}
{% else %}{{ ref(table) }}{% endif %}
{% endmacro %}
"""

CHANGED = {
    **dict.fromkeys(("orders", "order_items", "order_payments", "order_reviews"), "order_id"),
    "customers": "customer_id",
    "products": "product_id",
    "sellers": "seller_id",
    "geolocation_points": "zip_code_prefix",
}
"""By table, the column that says whether a delivery concerns a row."""

REFERRING = {"customers": "orders", "products": "order_items", "sellers": "order_items"}


def _project() -> dict[str, str]:
    """Return the files of the dbt project."""
    sql = "\n".join(map(script, ("duckdb_silver.sql", "duckdb_gold.sql", "duckdb_marts.sql")))
    sql = re.sub(r"file\('(.+?)'\)", r"""'{{ var("source") }}/\1'""", sql)
    for variable, value in re.findall(r"SET VARIABLE (\w+) = (.+);", sql):
        sql = sql.replace(f"getvariable('{variable}')", f"({value})")
    macros = re.findall(r"^CREATE (MACRO .+?;)$", sql, re.DOTALL | re.MULTILINE)
    statements = dict(re.findall(r"^CREATE TABLE (\w+) AS\s(.+?);$", sql, re.DOTALL | re.MULTILINE))
    defined = "\n".join(
        f"CREATE OR REPLACE {macro}" for macro in macros if "MACRO file(" not in macro
    )
    return {
        "dbt_project.yml": PROJECT,
        "profiles.yml": PROFILE,
        "macros/macros.sql": MACROS.replace("SQL", defined),
        **{f"models/{name}.sql": _model(name, body) for name, body in statements.items()},
        **{f"models/changed_{name}.sql": _changed(name) for name in CHANGED},
    }


def _model(name: str, body: str) -> str:
    body = re.sub(r"\b(FROM|JOIN) (\w+)", lambda found: _input(name, *found.groups()), body)
    if name.startswith("checked_"):
        (file,) = re.findall(r"[\w]+\.csv", body)
        body = body.replace("store_rejects", "ignore_errors")
        otherwise = "SELECT * FROM {{ this }} LIMIT 0"
        body = f"{{% if delivered('{file}') %}}\n{body}\n{{% else %}}\n{otherwise}\n{{% endif %}}"
    if name in KEYS:
        config = (
            f"materialized='incremental', incremental_strategy='merge', unique_key={[*KEYS[name]]}"
        )
    elif name.startswith("bad_"):
        config = "materialized='incremental', incremental_strategy='append'"
    else:
        config = "materialized='table'"
    return f"{{{{ config({config}) }}}}\n{body}"


def _input(model: str, word: str, table: str) -> str:
    """Return a `FROM` or `JOIN` of a table: whole, or the rows that a delivery concerns."""
    if table in CHANGED and model in (*FACTS_AND_DIMENSIONS, "geolocation"):
        return f"{word} {{{{ changed('{table}', '{CHANGED[table]}') }}}}"
    is_model = table in (*KEYS, "by_person") or table.startswith(("checked_", "bad_"))
    return f"{word} {{{{ ref('{table}') }}}}" if is_model else f"{word} {table}"


def _changed(table: str) -> str:
    """Return the model of the keys that a delivery concerns."""
    column = CHANGED[table]
    if column == "order_id":
        delivered = [name for name in RECORDS if CHANGED.get(name) == "order_id"]
    else:
        delivered = [table]
    parts = [f"SELECT {column} FROM {{{{ ref('checked_{name}') }}}}" for name in delivered]
    if referring := REFERRING.get(table):
        parts.append(
            f"SELECT {column} FROM {{{{ ref('{referring}') }}}} "
            f"WHERE order_id IN (FROM {{{{ ref('changed_{referring}') }}}})"
        )
    return "{{ config(materialized='view') }}\n" + "\nUNION\n".join(parts)


if __name__ == "__main__":
    refresh(Path(sys.argv[1]), Path(sys.argv[2]))
