"""The report flow on a real Prefect server."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from flows.report import report
from flows.site.render import ForeignFolderError
from tests.support.kafka.same_tables import batch_lake

Land = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("prefect_server")


def test_a_run_shows_its_charts_and_writes_the_site(land: Land, lake: str, tmp_path: Path) -> None:
    batch_lake(lake, [land(orders=[{}], order_items=[{}])])
    drawn = report(lake, str(tmp_path / "site"))
    assert {"monthly-gmv", "states"} <= {*drawn}
    assert (tmp_path / "site" / "index.html").is_file()
    with get_client(sync_client=True) as client:
        body = {"artifacts": {"key": {"like_": "report-%"}}}
        found = client.request("POST", "/artifacts/latest/filter", json=body).json()
    assert {each["key"] for each in found} == {f"report-{name}" for name in drawn}
    assert {each["type"] for each in found} == {"image"}
    for each in found:
        kind, _, picture = each["data"].partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(picture).startswith(b"\x89PNG\r\n")


def test_a_folder_with_foreign_files_is_not_changed(land: Land, lake: str) -> None:
    batch_lake(lake, [landing := land(orders=[{}])])
    with pytest.raises(ForeignFolderError, match="was not changed"):
        report(lake, str(landing))
