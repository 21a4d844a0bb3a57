"""Tables that use Delta features that Keystone does not support."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from deltalake import DeltaTable

from contracts.bronze import Sellers
from flows import delta
from flows.delta.optimize import optimize_table
from flows.delta.protocol import UnsupportedFeatureError
from flows.delta.restore import restore_table
from flows.delta.status import status
from flows.query.sql import query
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from tests.support.arrivals import sellers_arrive
from tests.support.deletion_vector import mark_deleted
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]
COUNT = "SELECT count(*) FROM silver.sellers"


@pytest.fixture
def sellers(lake: str) -> str:
    """A lake with three sellers in silver."""
    sellers_arrive(lake, 0, 1, 2)
    refresh_source_table(lake, SELLERS)
    return lake


def log(lake: str, table: str) -> Path:
    return Path(delta.location(lake, table), "_delta_log")


class Features(NamedTuple):
    """The protocol and properties of a table."""

    both: Sequence[str] = ()
    """Features for readers and writers."""
    writer: Sequence[str] = ()
    """Features for writers only."""
    versions: tuple[int, int] = (3, 7)
    properties: Mapping[str, str] = {}


def use(lake: str, table: str, features: Features) -> None:
    """Commit a protocol, as Spark does when a feature is enabled."""
    both, writer, versions, properties = features
    handle = delta.open_existing(lake, table)
    protocol = {"minReaderVersion": versions[0], "minWriterVersion": versions[1]}
    named = {"readerFeatures": [*both], "writerFeatures": [*both, *writer]}
    actions = [
        {"commitInfo": {"operation": "SET TBLPROPERTIES", "timestamp": 1}},
        {"protocol": protocol | (named if versions[1] == 7 else {})},
    ]
    if properties:
        first = (log(lake, table) / f"{0:020}.json").read_text().splitlines()
        (known,) = (a["metaData"] for a in map(json.loads, first) if "metaData" in a)
        actions.append({"metaData": known | {"configuration": properties}})
    newest = log(lake, table) / f"{handle.version() + 1:020}.json"
    newest.write_text("\n".join(map(json.dumps, actions)))


UNWRITTEN = {
    "deletionVectors": Features(["deletionVectors"]),
    "columnMapping": Features(["columnMapping"]),
    "columnMapping, generatedColumns": Features(writer=["generatedColumns", "columnMapping"]),
    "v2Checkpoint": Features(["v2Checkpoint"]),
    "typeWidening": Features(["typeWidening"]),
    "domainMetadata, rowTracking": Features(writer=["rowTracking", "domainMetadata"]),
    "identityColumns": Features(writer=["identityColumns"]),
    "icebergCompatV2": Features(writer=["icebergCompatV2"]),
    "inCommitTimestamp": Features(writer=["inCommitTimestamp"]),
    "unknownFeature": Features(writer=["unknownFeature"]),
    "checkConstraints": Features(versions=(1, 3)),
    "checkConstraints, changeDataFeed, generatedColumns": Features(versions=(1, 4)),
    "checkConstraints, changeDataFeed, generatedColumns, columnMapping": Features(versions=(2, 5)),
    "delta.appendOnly": Features(writer=["appendOnly"], properties={"delta.appendOnly": "true"}),
    "delta.setTransactionRetentionDuration": Features(
        properties={"delta.setTransactionRetentionDuration": "interval 1 days"}
    ),
}


@pytest.mark.parametrize("table", ["bronze.sellers", "silver.sellers", "quarantine.sellers"])
@pytest.mark.parametrize("features", UNWRITTEN)
def test_a_feature_that_keystone_does_not_write_is_rejected_before_writing(
    sellers: str, table: str, features: str
) -> None:
    use(sellers, table, UNWRITTEN[features])
    before = {path: path.read_bytes() for path in Path(sellers).rglob("*") if path.is_file()}
    works: list[Callable[[], object]] = [
        lambda: refresh_source_table(sellers, SELLERS),
        lambda: refresh_source_table(sellers, SELLERS, rebuild=True),
        lambda: optimize_table(sellers, table, timedelta(days=7)),
    ]
    if table == "bronze.sellers":
        works.append(lambda: sellers_arrive(sellers, 9))
    else:
        works.append(lambda: replay_quarantine(sellers, SELLERS))
    expected = rf"^{table}: uses {features}, which Keystone does not write.* DROP FEATURE"
    for work in works:
        with pytest.raises(UnsupportedFeatureError, match=expected):
            work()
    assert {
        path: path.read_bytes() for path in Path(sellers).rglob("*") if path.is_file()
    } == before


def test_a_constraint_added_by_deltalake_is_rejected(sellers: str) -> None:
    table = DeltaTable(delta.location(sellers, "silver.sellers"))
    table.alter.add_constraint({"named": "seller_id is not null"})
    with pytest.raises(UnsupportedFeatureError, match="checkConstraints"):
        refresh_source_table(sellers, SELLERS)


@pytest.mark.parametrize("feature", ["columnMapping", "v2Checkpoint", "typeWidening"])
def test_a_feature_that_polars_does_not_read_is_named(sellers: str, feature: str) -> None:
    use(sellers, "silver.sellers", Features([feature]))
    with pytest.raises(UnsupportedFeatureError, match=f"^silver.sellers: uses {feature}"):
        query(sellers, COUNT)
    assert query(sellers, "SELECT count(*) FROM bronze.sellers").item() == 3


@pytest.mark.parametrize(
    ("features", "name"),
    [
        (Features(["unknownFeature"]), "unknownFeature"),
        (Features(["catalogManaged"]), "catalogManaged"),
        (Features(versions=(4, 8)), "reader version 4"),
    ],
)
def test_a_feature_that_deltalake_cannot_open_is_named(
    sellers: str, features: Features, name: str
) -> None:
    use(sellers, "silver.sellers", features)
    for work in (lambda: query(sellers, COUNT), lambda: refresh_source_table(sellers, SELLERS)):
        with pytest.raises(UnsupportedFeatureError, match=rf"^silver\.sellers: uses {name},"):
            work()


def test_rows_deleted_by_a_deletion_vector_stay_hidden(sellers: str) -> None:
    mark_deleted(Path(delta.location(sellers, "silver.sellers")), [0, 2])
    assert query(sellers, COUNT).item() == 1
    assert status(sellers)["silver.sellers"]["rows"] == 1


@pytest.mark.parametrize("table", ["bronze.sellers", "silver.sellers"])
def test_a_restore_takes_back_the_protocol(sellers: str, table: str) -> None:
    before = delta.open_existing(sellers, table).version()
    mark_deleted(Path(delta.location(sellers, table)), [0])
    with pytest.raises(UnsupportedFeatureError, match="deletionVectors"):
        refresh_source_table(sellers, SELLERS)
    assert restore_table(sellers, table, before).rows == 3
    delta.check_writable(delta.open_existing(sellers, table))
    refresh_source_table(sellers, SELLERS)
    assert query(sellers, COUNT).item() == 3


def test_an_unreadable_table_can_be_restored(sellers: str) -> None:
    use(sellers, "bronze.sellers", Features(["columnMapping"]))
    assert restore_table(sellers, "bronze.sellers", 0).removed_sources == ("kafka/sellers/0",)
    assert delta.rows(delta.open_table(sellers, Sellers)) == 0


def test_a_version_with_an_unsupported_feature_is_not_restored(sellers: str) -> None:
    mark_deleted(Path(delta.location(sellers, "silver.sellers")), [0])
    version = delta.open_existing(sellers, "silver.sellers").version()
    with pytest.raises(UnsupportedFeatureError, match="deletionVectors"):
        restore_table(sellers, "silver.sellers", version)
