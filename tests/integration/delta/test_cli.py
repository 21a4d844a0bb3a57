"""Commands without a flow: usage, status, SQL, sample."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version as package_version
from io import BytesIO, TextIOWrapper
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from contracts.describe import describe, version
from contracts.silver.orders import Orders
from flows.cli import _GROUPS, app, main, output
from flows.config.errors import RunFailedError
from flows.delta import status
from flows.delta.table_names import existing_tables
from flows.query.sql import query
from tests.support.command import invoke
from tests.support.refresh import ingest, refresh
from transforms.graph import tables

Land = Callable[..., Path]


@pytest.fixture
def orders(land: Land, lake: str) -> str:
    """A lake with two orders in silver, and one in quarantine."""
    ingest(land(orders=[{}, {"order_id": "b" * 32}, {"order_id": "x"}]), lake)
    refresh(lake, "silver.orders")
    return lake


def exit_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    # main() sets it for its own process, which here is that of the tests.
    monkeypatch.setenv("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    monkeypatch.setattr(sys, "argv", ["keystone", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code


def test_help_groups_the_commands() -> None:
    groups = re.findall(r"^╭─ (\w[\w ]*\w) ─", invoke("--help"), re.MULTILINE)
    assert groups == ["Options", *dict.fromkeys(group for group, _ in _GROUPS)]


def test_help_of_a_command_has_examples_and_flags_without_a_type() -> None:
    said = invoke("run", "-h")
    assert "keystone run --source" in said
    assert "<bool>" not in said


def test_version_is_that_of_the_package() -> None:
    assert invoke("--version") == f"keystone {package_version('keystone-nexus')}\n"


def test_help_imports_neither_polars_nor_the_settings() -> None:
    code = (
        "import sys, flows.cli; "
        "print({'polars', 'pandera', 'pydantic_settings', 'prefect'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_status_as_json(orders: str) -> None:
    found = json.loads(invoke("status", "--lake", orders, "--json"))["tables"]["silver.orders"]
    assert (found["rows"], found["quarantined"], found["lag"]) == (2, 1, 0)
    metrics = {"read": 3, "accepted": 2, "superseded": 0, "quarantined": 1}
    assert found["figures"].items() >= metrics.items()
    assert found["broken_rules"] == {"order_id_is_well_formed": 1}
    assert found["contract"] == version(describe(Orders))


def test_quarantined_records_count_for_the_table_that_read_them(land: Land, lake: str) -> None:
    ingest(land(geolocation=[{}, {"geolocation_lat": "north"}]), lake)
    refresh(lake, "silver.geolocation_points", "silver.geolocation")
    found = json.loads(invoke("status", "--lake", lake, "--json"))["tables"]
    assert found["silver.geolocation_points"]["quarantined"] == 1
    assert found["silver.geolocation"]["quarantined"] == 0


def test_dry_run_shows_the_plan_and_changes_nothing(orders: str, land: Land) -> None:
    ingest(land("more", orders=[{"order_id": "c" * 32}]), orders)
    before = invoke("status", "--lake", orders)
    said = invoke("refresh", "--lake", orders, "--dry-run")
    assert "1 new of bronze.orders" in said
    assert re.search(rf"dry run: \d\d of {len(tables())} tables due\.", said)
    assert "all: the table does not exist yet" in said  # gold
    assert invoke("status", "--lake", orders) == before


def test_status_as_text(orders: str) -> None:
    said = invoke("status", "--lake", orders)
    assert "silver.orders" in said
    assert "In quarantine:\n  quarantine.orders: order_id_is_well_formed (1)" in said
    *_, tables, promises = said.splitlines()
    assert tables.endswith("all up to date; 1 record in quarantine.")
    assert promises == "3 promises: 1 kept, 1 broken, 1 with too few deliveries so far."


def test_status_shows_the_other_tables_of_a_damaged_one(land: Land, lake: str) -> None:
    ingest(land(orders=[{}], sellers=[{}]), lake)
    (Path(lake) / "bronze/sellers/_delta_log/00000000000000000001.json").write_text("{")
    shown = CliRunner().invoke(app, ["status", "--lake", lake])
    assert "bronze.orders" in shown.output
    assert "1 table cannot be read." in shown.output
    assert isinstance(shown.exception, RunFailedError)


def test_lag_counts_commits_that_are_not_consumed(orders: str, land: Land) -> None:
    ingest(land("more", orders=[{"order_id": "c" * 32}]), orders)
    found = json.loads(invoke("status", "--lake", orders, "--json"))["tables"]
    assert found["silver.orders"]["lag"] == 1


@pytest.mark.parametrize(
    ("form", "expected"),
    [("csv", "n\n2\n"), ("json", '[{"n": 2}]\n')],
)
def test_sql_as_csv_and_json(orders: str, form: str, expected: str) -> None:
    statement = "SELECT count(*) AS n FROM silver.orders"
    assert invoke("sql", statement, "--lake", orders, "--format", form) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            "csv",
            "190532336368564675417118094528692087698,12345678901234567890.5,24:00:00,,infinity",
        ),
        (
            "json",
            (
                '"sum": 12345678901234567890.5, "clock": "24:00:00", '
                '"nothing": null, "until": "infinity"}'
            ),
        ),
        (
            "table",
            "190532336368564675417118094528692087698 12345678901234567890.5 24:00:00 infinity",
        ),
    ],
)
def test_sql_prints_values_as_duckdb_does(orders: str, form: str, expected: str) -> None:
    statement = """SELECT md5_number('b') AS md5, 12345678901234567890.5 AS sum,
                   TIME '24:00:00' AS clock, NULL AS nothing, 'infinity'::DATE AS until"""
    said = invoke("sql", statement, "--lake", orders, "--format", form)
    assert expected in " ".join(said.split())


def test_sql_prints_a_wide_row_on_one_line(orders: str) -> None:
    said = invoke("sql", "SELECT * FROM bronze.orders LIMIT 1", "--lake", orders)
    assert "order_estimated_delivery_date" in said
    assert len(said.splitlines()) == len(["", "names", "line", "row", ""])


def test_lake_is_read_from_the_environment(orders: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSTONE_LAKE", orders)
    assert "quarantine" in invoke("sql", "SELECT 'quarantine' FROM quarantine.orders")


def test_history_as_json_says_what_made_each_commit(land: Land, lake: str) -> None:
    invoke("ingest", "--source", str(land(orders=[{}])), "--lake", lake, "--executor", "local")
    newest, *_ = json.loads(invoke("history", "bronze.orders", "--lake", lake, "--json"))["commits"]
    assert newest["metrics"]["read"] == 1
    assert newest["by"]["command"] == "ingest"
    assert newest["by"]["seconds"] > 0
    assert "ingest" in invoke("history", "bronze.orders", "--lake", lake)


def test_refresh_with_nothing_to_do_prints_one_line(land: Land, lake: str) -> None:
    invoke("run", "--source", str(land(orders=[{}])), "--lake", lake, "--executor", "local")
    (line,) = invoke("refresh", "--lake", lake, "--executor", "local").splitlines()
    assert line.startswith("refresh (local): 0 of ")


def test_refresh_tells_of_broken_promises(orders: str) -> None:
    *_, line = invoke("refresh", "--lake", orders, "--executor", "local").splitlines()
    assert line.endswith("1 broken, 1 with too few deliveries so far. `keystone check` says which.")


def test_quiet_prints_nothing_and_the_log_is_json_on_request(land: Land, lake: str) -> None:
    command = f"ingest --source {land(orders=[{}])} --lake {lake} --executor local --quiet"
    done = subprocess.run(
        [sys.executable, "-m", "flows", *command.split(), "--log-format", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    (line,) = map(json.loads, done.stderr.splitlines())
    assert (line["levelname"], line["table"], line["rows"]) == ("INFO", "bronze.orders", 1)
    assert line["message"] == "bronze.orders is now at version 1 with 1 rows"


def test_history_of_a_misspelt_table_suggests_the_nearest(
    orders: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_of(monkeypatch, "history", "silver.ordres", "--lake", orders) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: there is no table silver.ordres; nearest: silver.orders")


def test_sql_with_a_wrong_table_suggests_the_nearest(
    orders: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_of(monkeypatch, "sql", "SELECT 1 FROM silver.order", "--lake", orders) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: there is no table silver.order; nearest: silver.orders")


def test_sql_statement_may_begin_with_a_comment(orders: str) -> None:
    statement = "-- all of them\nSELECT count(*) AS n FROM silver.orders;"
    assert invoke("sql", statement, "--lake", orders, "--format", "csv") == "n\n2\n"


def test_sql_writes_its_result_to_a_file(orders: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.parquet"
    said = invoke("sql", "FROM silver.orders", "--lake", orders, "--out", str(file))
    assert said == f"2 rows in {file}\n"
    assert_frame_equal(pl.read_parquet(file), query(orders, "FROM silver.orders"))


def test_sql_to_an_unknown_file_type_is_wrong_usage(
    orders: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_of(monkeypatch, "sql", "SELECT 1", "--lake", orders, "--out", "rows.txt") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: rows.txt: a result is written as .parquet, .csv, .xlsx")


@pytest.mark.parametrize(("rows", "more"), [(1_000, False), (1_001, True)])
def test_sql_prints_the_first_rows_of_a_long_result(
    orders: str, rows: int, more: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_LAKE", orders)
    result = CliRunner().invoke(app, ["sql", f"FROM range({rows})"])
    assert len(result.stdout.splitlines()) == len(["", "names", "line", ""]) + 1_000
    assert ("The first 1,000 rows; there are more" in result.stderr) == more
    everything = CliRunner().invoke(app, ["sql", f"FROM range({rows})", "--format", "csv"])
    assert len(everything.stdout.splitlines()) == 1 + rows


NASTY = "orders_\x1b[2J\x9b31m\u202e:x:"
SEEN = r"orders_\x1b[2J\x9b31m\u202e:x:"


@pytest.mark.parametrize("command", [["history", "bronze.orders"], ["sql", "FROM bronze.orders"]])
def test_control_characters_of_a_file_name_are_escaped(
    command: list[str], land: Land, lake: str
) -> None:
    ingest(land(**{NASTY: [{}]}), lake)
    said = invoke(*command, "--lake", lake)
    assert SEEN in said
    assert not set(NASTY[7:]) & set(said) - set(SEEN)


def test_error_escapes_control_characters_on_one_line(
    orders: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_of(monkeypatch, "history", f"\n{NASTY}", "--lake", orders) == 2
    # Terminal sequences, such as the colours in errors of deltalake, are removed.
    assert SEEN.replace(r"\x1b[2J", "") in capsys.readouterr().err


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", b"S?o ?"), ("latin-1", b"S\xe3o ?")])
def test_terminal_replaces_characters_that_its_encoding_lacks(
    encoding: str, shown: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(screen, encoding))
    output.configure_terminal()
    output.out.print("São \N{BLACK STAR}")
    sys.stdout.flush()
    assert screen.getvalue().startswith(shown)


def test_argument_in_another_encoding_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    statement = b"SELECT 'S\xc3\xa3o'".decode("ascii", "surrogateescape")
    assert exit_of(monkeypatch, "sql", statement) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: argument 2 is not text in the encoding of the locale, ")
    assert "set LC_ALL=C.UTF-8" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["run", "--colour", "red"],
        ["status"],
        ["status", "--lake", "a#b"],
        ["sample", "--out", "x", "--orders", "-1"],
    ],
)
def test_wrong_usage_exits_with_2(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KEYSTONE_LAKE", raising=False)
    assert exit_of(monkeypatch, *arguments) == 2
    assert capsys.readouterr().err


def test_missing_lake_is_one_line(
    lake: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_of(monkeypatch, "status", "--lake", lake) == 1
    assert "no lake here yet" in capsys.readouterr().err


def test_sample_writes_nine_files(tmp_path: Path) -> None:
    said = invoke("sample", "--out", str(tmp_path), "--orders", "10", "--seed", "1")
    assert said == f"10 orders in nine CSV files in {tmp_path}\n"
    assert len(list(tmp_path.glob("*.csv"))) == 9


def test_sample_overwrites_real_files_only_with_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = tmp_path / "olist_orders_dataset.csv"
    real.write_text("real")
    sample = ("sample", "--out", str(tmp_path), "--orders", "1")
    assert exit_of(monkeypatch, *sample) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "such as olist_orders_dataset.csv; name a new or empty folder" in line
    assert real.read_text() == "real"
    invoke(*sample, "--force")
    assert real.read_text() != "real"


def test_sample_is_not_written_into_the_lake(
    orders: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    into = f"{orders}/bronze/orders/landing"
    assert exit_of(monkeypatch, "sample", "--out", into, "--orders", "1") == 2
    assert "is inside the Delta table" in capsys.readouterr().err
    assert not Path(into).exists()


def test_maintain_shows_only_what_it_changed(orders: str) -> None:
    count = len(existing_tables(orders))
    assert invoke("maintain", "--lake", orders) == (
        f"maintain (local): 0 of {count} tables changed; "
        "0 small files compacted, 0 files deleted.\n"
    )


def test_maintain_shows_what_it_did_beside_a_damaged_table(
    orders: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for entry in Path(orders, "silver", "orders", "_delta_log").glob("*.json"):
        entry.write_text("{")
    count = len(existing_tables(orders))
    assert exit_of(monkeypatch, "maintain", "--lake", orders) == 1
    said = capsys.readouterr()
    assert said.out.startswith(f"maintain (local): 0 of {count - 1} tables changed; ")
    assert said.err.startswith("error: silver.orders: ")


@pytest.mark.parametrize("command", [["refresh"], ["replay"], ["history", "gold.dim_date"]])
def test_misspelt_lake_is_an_error_and_not_created(
    command: list[str],
    lake: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_of(monkeypatch, *command, "--lake", lake) == 1
    assert "no lake here yet" in capsys.readouterr().err
    assert not Path(lake).exists()


WITHOUT_PREFECT = """
import sys
from flows.cli import main
for arguments in sys.argv[1:]:
    sys.argv = ["keystone", *arguments.split()]
    try:
        main()
    except SystemExit as end:
        print(end.code, "prefect" in sys.modules)
"""


def test_wrong_argument_fails_before_prefect_is_imported(orders: str) -> None:
    slips = {
        "run --source /nowhere": "there is no such folder",
        "run --source . --runner dsk": "there is no runner dsk",
        "run --source . --as-of yesterday": "Invalid value for '--as-of'",
        "run --source . --archive s3://KEY:SECRET@bucket": "s3://***@bucket: ",
        "refresh --runner dask=tls://user:SECRET@host": "tls://***@host: ",
        "replay nonsense": "there is no quarantine for nonsense",
        "restore nonsense --version 1": "there is no table nonsense",
        "restore silver.orders --version 999": "there is no version 999",
        "restore quarantine.orders --version 0": "cannot be restored alone",
        "history nonsense": "there is no table nonsense",
        "maintain --keep-days -1": "Invalid value for '--keep-days'",
        "maintain --lake /nowhere": "there is no lake here yet",
    }
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PREFECT, *slips],
        env={**os.environ, "KEYSTONE_LAKE": orders, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    ends = [line.split() for line in done.stdout.splitlines()]
    assert {imported for _, imported in ends} == {"False"}
    assert {code for code, _ in ends} <= {"1", "2"}
    assert len(ends) == len(slips)
    for said in slips.values():
        assert said in done.stderr
    assert "SECRET" not in done.stderr
    assert "Traceback" not in done.stderr


class PanicException(BaseException):
    """A panic of Rust is not an `Exception`."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PanicException("called unwrap on\na None value"), "called unwrap on a None value"),
        (PanicException(), "PanicException"),
        (MemoryError(), "there is not enough memory, "),
        (RuntimeError("can't start new thread"), "there is not enough memory, "),
        (OSError("s3://KEY:SECRET@bucket: no answer"), "s3://***@bucket: no answer"),
    ],
)
def test_any_error_is_one_line(
    error: BaseException,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(status, "lake_status", fail)
    assert exit_of(monkeypatch, "status", "--lake", "here") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {said}")


@pytest.fixture
def hang_up() -> Iterator[None]:
    """Restore the handler of SIGHUP after the test."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_up")
@pytest.mark.parametrize(("before", "ends"), [(signal.SIG_DFL, True), (signal.SIG_IGN, False)])
def test_hang_up_ends_a_command_unless_nohup_runs_it(
    before: signal.Handlers, ends: bool, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal.signal(signal.SIGHUP, before)
    exit_of(monkeypatch, "status", "--lake", lake)
    if ends:
        with pytest.raises(SystemExit, match=str(128 + signal.SIGHUP)):
            signal.raise_signal(signal.SIGHUP)
    else:
        signal.raise_signal(signal.SIGHUP)
