"""An erasure of a person: nothing of them is left, and everything else is as before."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from contracts.domain import ERASED
from flows import delta
from flows.config.errors import RunFailedError, RunHeldBackError, SettingError
from flows.delta.commit_log import last_metrics
from flows.delta.restore import release_table
from flows.delta.table_names import existing_tables
from flows.delta.versions import NoVersionError
from flows.erasure.requests import read_requests
from flows.ingest import load
from flows.ingest.csv_reader import CsvFacts, inspect_csv
from flows.pipeline import forget, ingest, maintain, refresh, restore, run
from flows.pipeline.forget import UnknownPersonError
from flows.trace import NoRowError, trace
from flows.trace.key import parse_key
from tests.support.command import invoke
from tests.support.erasure import (
    C1,
    C3,
    CORRUPT_ORDER,
    IDS,
    KEY,
    O1,
    O2,
    O3,
    OTHER,
    PERSON,
    TEXTS,
    UNKNOWN,
    make,
    mentions,
)
from tests.support.erasure_strike import strike
from tests.support.landing import write
from tests.support.refresh import assert_same_tables, sorted_tables
from transforms.graph import tables


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("person"))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSTONE_ERASURE_KEY", KEY)


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "copy")


@pytest.fixture(scope="module")
def forgotten(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that lake without the person."""
    folder = shutil.copytree(made, tmp_path_factory.mktemp("forgotten") / "copy")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KEYSTONE_ERASURE_KEY", KEY)
        forget_in(folder)
    return folder


@pytest.fixture
def without(forgotten: Path, tmp_path: Path) -> Path:
    return shutil.copytree(forgotten, tmp_path / "without")


def forget_in(folder: Path, **options: object) -> None:
    given = {"person": PERSON, "archive": str(folder / "archive"), **options}
    forget(str(folder / "lake"), **given)  # type: ignore[arg-type]  # options of a test


def is_of_person(rows: pl.DataFrame) -> pl.Series:
    """Return which rows name the person, or a pseudonym."""
    texts = rows.select(cs.string().str.to_lowercase())
    found = texts.select(
        pl.any_horizontal(
            pl.all().str.contains_any([*IDS, ERASED, O1, O2, UNKNOWN, CORRUPT_ORDER]),
            pl.lit(value=False),
        )
    )
    return found.to_series().fill_null(value=False)


def test_no_byte_of_the_person_is_left(made: Path, forgotten: Path) -> None:
    assert mentions(made / "lake", made / "archive")
    assert mentions(forgotten / "lake", forgotten / "archive") == []


def test_rows_of_others_are_equal(made: Path, forgotten: Path) -> None:
    before, after = sorted_tables(str(made / "lake")), sorted_tables(str(forgotten / "lake"))
    for name, rows in before.items():
        # Intervals that differed in the address only are one.
        assert len(rows) - len(after[name]) == (name == "silver.customers_history")
        others = rows.filter(~is_of_person(rows))
        kept = after[name].filter(~is_of_person(after[name]))
        assert_frame_equal(kept, others, check_row_order=False)


def test_totals_of_gold_are_equal(made: Path, forgotten: Path) -> None:
    before, after = sorted_tables(str(made / "lake")), sorted_tables(str(forgotten / "lake"))
    for name in before.keys() - {"silver.customers_history"}:
        totals = cs.numeric() - cs.float()
        assert_frame_equal(after[name].select(totals.sum()), before[name].select(totals.sum()))
        # A pseudonym for each identifier, and no other row is added or lost.
        keys = cs.contains("customer_unique_id") | cs.contains("customer_id")
        assert_frame_equal(
            after[name].select(keys.n_unique()), before[name].select(keys.n_unique())
        )


def test_a_person_has_pseudonyms_and_no_address(forgotten: Path) -> None:
    rows = sorted_tables(str(forgotten / "lake"))["gold.dim_customer"]
    mine = rows.filter(pl.col("customer_unique_id").str.starts_with(ERASED))
    assert len(mine) == 2
    assert mine["customer_id"].str.starts_with(ERASED).all()
    gone = ["customer_city", "customer_zip_code_prefix", "latitude", "longitude"]
    assert mine.select(pl.col(gone).is_null().all()).row(0) == (True,) * 4
    assert mine["customer_state"].to_list() == ["SP", "SP"]


def test_conservation_balances_as_before(made: Path, forgotten: Path) -> None:
    for name in ("silver.customers", "silver.orders", "silver.order_reviews"):
        metrics = [
            last_metrics(delta.open_existing(str(each / "lake"), name))
            for each in (made, forgotten)
        ]
        names = ("superseded", "deleted")
        before, after = ({n: each.get(n) for n in names} for each in metrics)
        assert metrics[1]["read"] == sum(
            metrics[1][n] for n in ("accepted", "superseded", "deleted", "quarantined")
        )
        assert metrics[1]["in_quarantine"] == metrics[0]["in_quarantine"]
        assert metrics[1]["broken_rules"] == metrics[0]["broken_rules"]
        assert before.keys() == after.keys()


def test_incremental_refreshes_equal_a_rebuild(without: Path) -> None:
    lake = str(without / "lake")
    assert not any(outcome.changed for outcome in refresh(lake))
    expected = sorted_tables(lake)
    refresh(lake, rebuild=True)
    assert_same_tables(lake, expected)
    assert mentions(without / "lake") == []


def test_the_certificate_names_what_was_erased_and_no_identifier(forgotten: Path) -> None:
    (path,) = (forgotten / "lake/_erasures/certificates").glob("*.json")
    certificate = json.loads(path.read_text())
    assert certificate["verification"]["holding"] == 0
    assert certificate["verification"]["files"] > 50
    assert certificate["found"]["bronze.customers"]["rows"] == 6
    assert certificate["found"]["bronze.customers"]["versions"] == [1, 2]
    assert certificate["found"]["silver.customers"]["versions"] == [1, 2]
    assert certificate["found"]["archive"]["files"] == 4
    page = path.with_suffix(".html").read_text()
    assert certificate["request"] in page
    assert mentions(forgotten / "lake/_erasures", needles=IDS) == []


def test_originals_bring_nothing_back(without: Path) -> None:
    lake, archive = without / "lake", without / "archive"
    expected = sorted_tables(str(lake))
    for number in (1, 2):
        outcomes = run(str(without / f"originals-{number}"), str(lake), str(archive))
        assert not any(outcome.changed for outcome in outcomes)
        assert not list((without / f"originals-{number}").iterdir())
    assert mentions(lake, archive) == []
    assert_same_tables(str(lake), expected)


def test_the_same_records_in_other_files_are_erased_on_the_way_in(
    folder: Path, without: Path
) -> None:
    lake, archive = without / "lake", without / "archive"
    expected = sorted_tables(str(lake))
    landing = folder / "originals-1"
    for path in landing.iterdir():
        path.write_bytes(path.read_bytes() + b"\n")
    printed = invoke(
        *("ingest", "--source", str(landing), "--lake", str(lake), "--archive", str(archive))
    )
    assert "bronze.customers: 5 of 6 records" in printed
    refresh(str(lake))
    assert mentions(lake, archive) == []
    assert last_metrics(delta.open_existing(str(lake), "bronze.customers"))["erased"] == 5
    handle = delta.open_existing(str(lake), "silver.customers")
    metrics = last_metrics(handle)
    assert metrics["read"] == sum(
        metrics[n] for n in ("accepted", "superseded", "deleted", "quarantined")
    )
    rows = sorted_tables(str(lake))
    assert rows["gold.fact_sales"].equals(expected["gold.fact_sales"])
    assert rows["gold.mart_customer_rfm"].equals(expected["gold.mart_customer_rfm"])
    # The archive has the files of both deliveries, and each of them is known.
    assert not any(outcome.changed for outcome in run(str(archive), str(lake)))


def test_an_archived_file_that_is_ingested_again_is_known(without: Path) -> None:
    lake = str(without / "lake")
    outcomes = run(str(without / "archive"), lake)
    assert not any(outcome.changed for outcome in outcomes)


def test_the_first_erasure_asks_for_a_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSTONE_ERASURE_KEY", "")
    with pytest.raises(SettingError, match="so nothing is erased; choose a secret of at least"):
        forget_in(folder)


@pytest.mark.parametrize("value", ["", "short", "another secret, which is long enough"])
def test_without_the_key_nothing_is_ingested(
    value: str, without: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_ERASURE_KEY", value)
    lake = str(without / "lake")
    before = delta.open_existing(lake, "bronze.customers").version()
    with pytest.raises(RunFailedError, match="KEYSTONE_ERASURE_KEY"):
        ingest(str(without / "originals-1"), lake)
    assert delta.open_existing(lake, "bronze.customers").version() == before
    with pytest.raises(SettingError, match="KEYSTONE_ERASURE_KEY"):
        forget_in(without)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("silver.customers", [f"customer_id={C1.upper()}"]),
        ("gold.mart_customer_rfm", [f"customer_unique_id={PERSON}"]),
    ],
)
def test_trace_of_an_erased_key_says_so_without_it(
    forgotten: Path, table: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = str(forgotten / "lake")
    (request,) = read_requests(lake)
    on = f"{table} has no row with this key: it was erased by request {request.id} of 20"
    assert _failures(lake, table, words)[0].startswith(on)
    assert Path(_failures(lake, table, words)[0].partition("; see ")[2]).is_file()
    for key in ("", "the key of another lake"):
        monkeypatch.setenv("KEYSTONE_ERASURE_KEY", key)
        (failure,) = _failures(lake, table, words)
        assert "or it was erased: this lake has erasures; set KEYSTONE_ERASURE_KEY" in failure
        assert not any(each in failure.lower() for each in IDS)


def test_trace_names_the_archived_file_that_was_rewritten(
    forgotten: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_ARCHIVE", str(forgotten / "archive"))
    table = tables()["silver.customers"]
    key = parse_key(table.contract, [f"customer_id={C3}"])
    (record,) = trace(str(forgotten / "lake"), table, key).records
    assert (record.archived, record.line) == (str(forgotten / "archive/customers.csv"), 4)


def test_trace_of_an_unknown_key_says_that_it_was_not_erased(forgotten: Path) -> None:
    words = [f"customer_id={'c9' * 16}"]
    (failure,) = _failures(str(forgotten / "lake"), "silver.customers", words)
    assert failure.endswith(f"{words[0]}: bronze.customers has none")


def _failures(lake: str, table: str, words: list[str]) -> list[str]:
    """Return why a table has no row with a key."""
    with pytest.raises(NoRowError) as caught:
        trace(lake, tables()[table], parse_key(tables()[table].contract, words))
    return caught.value.failures


def test_versions_before_the_erasure_cannot_be_restored(without: Path) -> None:
    lake = str(without / "lake")
    for name in ("bronze.customers", "silver.customers", "gold.fact_orders"):
        for version in range(delta.open_existing(lake, name).version()):
            with pytest.raises(NoVersionError, match="before the erasure"):
                restore(name, version, lake)
    restore("bronze.order_items", 0, lake)  # it never held the person
    release_table(lake, "bronze.order_items")


def test_a_dry_run_changes_nothing(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    forget_in(folder, dry_run=True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_command_says_what_time_travel_loses(folder: Path) -> None:
    lake, archive = str(folder / "lake"), str(folder / "archive")
    options = ("--lake", lake, "--archive", archive, "--person", PERSON)
    printed = invoke("forget", *options, "--dry-run")
    assert re.search(r"bronze\.customers +6 +2 .* 1, 2", printed)
    assert "nothing was changed" in printed
    assert "certificate: " in invoke("forget", *options)


def test_logs_checkpoints_and_other_files_are_searched(folder: Path) -> None:
    lake = folder / "lake"
    log = lake / "bronze/customers/_delta_log"
    commit = log / f"{1:020}.json"
    stats = json.dumps({"minValues": {"customer_id": C1}})[1:-1].replace('"', '\\"')
    commit.write_text(commit.read_text().replace('{\\"numRecords', f'{{{stats},\\"numRecords'))
    DeltaTable(lake / "bronze/customers").create_checkpoint()
    assert any("checkpoint" in each for each in mentions(log))
    (lake / "export.csv").write_text(f"customer_id\n{C1}\n")
    pl.DataFrame({"a": [[C1]], "b": [bytes.fromhex(C1)]}).write_parquet(lake / "export.parquet")
    (lake / "exports").mkdir()
    pl.DataFrame({"b": [bytes.fromhex(C1)]}).write_parquet(lake / "exports/bytes.parquet")
    (lake / "other.csv").write_text(f"customer_id\n{C3}\n")
    printed = invoke("forget", "--lake", str(lake), "--person", PERSON, "--dry-run")
    assert re.findall("would delete: (.*)", printed) == [
        "export.csv",
        "export.parquet",
        "exports/bytes.parquet",
    ]
    forget_in(folder)
    assert mentions(lake, folder / "archive") == []
    assert not list(lake.glob("export*.*"))
    assert not list(lake.glob("exports/*"))
    assert (lake / "other.csv").exists()
    assert not any(outcome.changed for outcome in refresh(str(lake)))
    maintain(str(lake))


def test_a_second_call_changes_no_table(without: Path) -> None:
    lake = str(without / "lake")
    before = {name: delta.open_existing(lake, name).version() for name in existing_tables(lake)}
    forget_in(without)
    after = {name: delta.open_existing(lake, name).version() for name in existing_tables(lake)}
    assert after == before
    assert len([*(without / "lake/_erasures").glob("*.json")]) == 1


def test_two_people_are_both_erased(without: Path) -> None:
    forget_in(without, person=OTHER)
    needles = [*IDS, *TEXTS, OTHER, C3, "which mentions"]
    assert mentions(without / "lake", without / "archive", needles=needles) == []
    lake, archive = str(without / "lake"), str(without / "archive")
    assert not any(outcome.changed for outcome in run(archive, lake))
    assert not any(o.changed for o in run(str(without / "originals-1"), lake, archive))
    assert mentions(without / "lake", without / "archive", needles=needles) == []


def test_a_late_record_of_an_erased_person_is_erased_by_a_second_call(without: Path) -> None:
    late = "c9" * 16
    landing = without / "late"
    landing.mkdir()
    (landing / "customers_3.csv").write_text(
        "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\n"
        f"{late},{PERSON},01310,city of theirs,SP\n"
    )
    run(str(landing), str(without / "lake"), str(without / "archive"))
    assert mentions(without / "lake", without / "archive") == []
    rows = sorted_tables(str(without / "lake"))["silver.customers"].filter(customer_id=late)
    assert rows["customer_city"].to_list() == [None]
    forget_in(without)
    assert mentions(without / "lake", without / "archive", needles=[late]) == []
    assert len(sorted_tables(str(without / "lake"))["silver.customers"]) == 4


def test_only_the_texts_of_an_order_are_erased(folder: Path) -> None:
    before = sorted_tables(str(folder / "lake"))
    forget_in(folder, person=None, order=O1, reason=f"they asked, {PERSON}")
    lake, archive = folder / "lake", folder / "archive"
    assert mentions(lake, archive, needles=TEXTS[:1]) == []
    assert mentions(lake, archive, needles=[PERSON, TEXTS[1]])
    after = sorted_tables(str(lake))
    for name in before:
        if name not in {"silver.order_reviews", "gold.fact_reviews"}:
            assert_frame_equal(after[name], before[name])
    outcomes = run(str(folder / "originals-1"), str(lake), str(archive))
    assert not any(outcome.changed for outcome in outcomes)
    assert mentions(lake, archive, needles=TEXTS[:1]) == []


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"person": "9" * 32}, UnknownPersonError, "no record of this person"),
        ({"person": C1}, UnknownPersonError, "has this as customer_id; give"),
        ({"person": O1}, UnknownPersonError, "has this as order_id; give"),
        ({"person": None, "order": "9" * 32, "reason": "x"}, UnknownPersonError, "this order"),
        ({"order": O3, "reason": "x"}, UnknownPersonError, "not one of this person's"),
        ({"person": None, "order": O1}, SettingError, "--reason"),
        ({"person": None}, SettingError, "no person and no order is given"),
        ({"person": "x"}, SettingError, "32 hexadecimal digits"),
        ({"person": ERASED + "0" * 24}, SettingError, "not a pseudonym"),
    ],
)
def test_a_wrong_request_erases_nothing(
    options: dict[str, str | None], error: type[Exception], message: str, folder: Path
) -> None:
    with pytest.raises(error, match=message):
        forget_in(folder, **options)
    assert not (folder / "lake/_erasures").exists()


def test_a_held_table_must_be_released_first(folder: Path) -> None:
    lake = str(folder / "lake")
    restore("gold.mart_category", 0, lake)
    with pytest.raises(RunFailedError, match=r"keystone release gold\.mart_category"):
        forget_in(folder)
    release_table(lake, "gold.mart_category")
    forget_in(folder)
    assert mentions(folder / "lake") == []


def test_a_table_that_others_have_written_is_named_before_anything_is_erased(folder: Path) -> None:
    lake = folder / "lake"
    pl.DataFrame({"customer_id": [C1]}).write_delta(lake / "others/export")
    with pytest.raises(RunFailedError, match="others/export holds the person, but nothing was"):
        forget_in(folder)
    assert not (lake / "_erasures").exists()
    shutil.rmtree(lake / "others")
    pl.DataFrame({"customer_id": [C3]}).write_delta(lake / "others/export")
    forget_in(folder)
    assert mentions(lake) == []


def test_a_delivery_that_is_held_back_is_not_published(folder: Path) -> None:
    lake, landing = str(folder / "lake"), folder / "late"
    write(landing, customers_9=[{"customer_id": "c8" * 16}, {"customer_id": "malformed"}])
    with pytest.raises(RunHeldBackError):
        run(str(landing), lake, fail_above=0.01)
    with pytest.raises(RunFailedError, match=r"keystone refresh --accept silver\.customers"):
        forget_in(folder)
    assert not (folder / "lake/_erasures").exists()
    refresh(lake, accept=["silver.customers"])
    forget_in(folder)
    assert mentions(folder / "lake") == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 9, 45, 95])
def test_a_killed_erasure_is_finished_by_a_second_call(
    number: int, folder: Path, forgotten: Path
) -> None:
    assert strike(number, folder, PERSON, KEY)
    if [*(folder / "lake/_erasures").glob("*.json")]:
        with pytest.raises(NoVersionError, match="is not finished"):
            restore("silver.customers", 1, str(folder / "lake"))
    forget_in(folder)
    assert mentions(folder / "lake", folder / "archive") == []
    # The pseudonyms of another request differ.
    named = cs.string().str.replace_all(f"{ERASED}[0-9a-f]{{24}}", ERASED)
    after, expected = sorted_tables(str(folder / "lake")), sorted_tables(str(forgotten / "lake"))
    for name, rows in expected.items():
        assert_frame_equal(
            after[name].with_columns(named), rows.with_columns(named), check_row_order=False
        )
    outcomes = run(str(folder / "originals-1"), str(folder / "lake"), str(folder / "archive"))
    assert not any(outcome.changed for outcome in outcomes)


def test_a_data_file_that_a_killed_writer_left_is_searched_and_deleted(folder: Path) -> None:
    bronze = folder / "lake/bronze/customers"
    whole = next(bronze.glob("*.parquet")).read_bytes()
    half, empty = bronze / "part-1.parquet", bronze / "part-2.parquet"
    half.write_bytes(whole[: len(whole) // 2])
    empty.touch()
    forget_in(folder)
    assert not half.exists()
    empty.unlink()
    assert mentions(folder / "lake", folder / "archive") == []


def test_a_file_of_the_archive_that_cannot_be_read_is_in_the_certificate(folder: Path) -> None:
    name = ".0123456789ab.partial"
    (folder / "archive" / name).write_bytes(b"\xff")
    forget_in(folder)
    (path,) = (folder / "lake/_erasures/certificates").glob("*.json")
    assert json.loads(path.read_text())["verification"]["unsearchable"] == [name]


def test_a_column_with_a_technical_name_is_erased(folder: Path) -> None:
    header = "_rescued_data,customer_id,customer_unique_id,customer_zip_code_prefix,customer_city"
    (folder / "late").mkdir()
    (folder / "late/customers_4.csv").write_text(
        f"{header},customer_state\ntheir title,{C1},{PERSON},01310,city of theirs,SP\n"
    )
    run(str(folder / "late"), str(folder / "lake"), str(folder / "archive"))
    forget_in(folder)
    assert mentions(folder / "lake", folder / "archive") == []


@pytest.mark.parametrize("name", [f"customers_{PERSON}.csv", f"customers_{'x' * 241}.csv"])
def test_a_file_of_any_name_is_archived_without_the_person(name: str, without: Path) -> None:
    (without / "late").mkdir()
    original = without / "originals-1/customers.csv"
    (without / "late" / name).write_bytes(original.read_bytes() + b"\n")
    run(str(without / "late"), str(without / "lake"), str(without / "archive"))
    assert not list((without / "late").iterdir())
    assert mentions(without / "lake", without / "archive") == []


@pytest.mark.parametrize("step", ["append", "archive_file"])
def test_a_request_during_the_last_step_of_a_file_is_noticed(
    step: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is the first of an entity to mention the person, so the erasure changes nothing."""
    lake, archive, landing = str(folder / "lake"), str(folder / "archive"), folder / "late"
    person, customer, order, text = "f7" * 16, "c7" * 16, "a7" * 16, "a text of theirs"
    write(
        landing,
        customers_7=[{"customer_id": customer, "customer_unique_id": person}],
        orders_7=[{"order_id": order, "customer_id": customer}],
    )
    run(str(landing), lake, archive)
    write(landing, order_reviews_7=[{"order_id": order, "review_comment_message": text}])
    module = delta if step == "append" else load
    take_step = getattr(module, step)

    def forget_first(*values: Any, **options: Any) -> Any:
        monkeypatch.setattr(module, step, take_step)
        forget_in(folder, person=person)
        return take_step(*values, **options)

    monkeypatch.setattr(module, step, forget_first)
    ingest(str(landing), lake, archive)
    run(str(landing), lake, archive, allow_empty=True)
    assert not list(landing.iterdir())
    assert mentions(folder / "lake", folder / "archive", needles=[person, customer, text]) == []


def test_a_file_that_is_read_during_the_request_waits_for_the_next_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = folder / "late"
    landing.mkdir()
    original = folder / "originals-1/customers.csv"
    (landing / "customers_4.csv").write_bytes(original.read_bytes() + b"\n")

    def forget_first(path: Path) -> CsvFacts:
        monkeypatch.undo()
        monkeypatch.setenv("KEYSTONE_ERASURE_KEY", KEY)
        forget_in(folder)
        return inspect_csv(path)

    monkeypatch.setattr(load, "inspect_csv", forget_first)
    lake, archive = str(folder / "lake"), str(folder / "archive")
    (waiting,) = (each.deferred for each in ingest(str(landing), lake, archive) if each.deferred)
    assert "an erasure was requested while it was read" in waiting[0]
    run(str(landing), lake, archive)
    assert not list(landing.iterdir())
    assert mentions(folder / "lake", folder / "archive") == []
