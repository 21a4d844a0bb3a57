"""Settings and the locations that they name."""

from pathlib import Path

import pytest

from flows.config.errors import SettingError
from flows.config.settings import resolve_location
from flows.storage.s3 import S3Settings


@pytest.mark.parametrize("name", ["lake", "source", "archive"])
def test_a_deployed_run_rejects_a_relative_path(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve_location(name, "here") == "here"
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "a run")
    assert resolve_location(name, str(tmp_path)) == str(tmp_path)
    with pytest.raises(SettingError, match=f"give the {name} as an absolute path"):
        resolve_location(name, "here")


def test_a_file_is_not_a_lake(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for lake in (file, file / "lake"):
        with pytest.raises(SettingError, match="file is a file: a lake must be a folder"):
            resolve_location("lake", str(lake))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEYSTONE_CHUNK_ROWS", "0"),
        ("KEYSTONE_CHUNK_ROWS", "many"),
        ("KEYSTONE_CHUNK_ROWS", "9" * 30),
        ("KEYSTONE_QUIET_SECONDS", "-1"),
        ("KEYSTONE_QUIET_SECONDS", "soon"),
    ],
)
def test_an_invalid_setting_is_named_without_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=rf"^{name}: Input should be [^\[]*$"):
        resolve_location("lake", "here")


@pytest.mark.parametrize("folder", ["env=prod", "50%", "lake #1", "[old]"])
def test_a_lake_below_a_folder_with_reserved_characters_is_rejected(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / folder
    below.mkdir()
    monkeypatch.chdir(below)
    assert resolve_location("source", "here") == "here"
    with pytest.raises(SettingError, match=r"the path of a lake cannot contain [=%#\[]"):
        resolve_location("lake", "here")


@pytest.mark.parametrize("name", ["lake", "source", "archive", "out"])
@pytest.mark.parametrize("strange", ["\t", "\n", "\r", "\x1b", "\x85", "\u2028", "\udcff"])
def test_a_control_character_in_a_path_is_rejected_and_escaped(name: str, strange: str) -> None:
    with pytest.raises(SettingError, match="control characters") as caught:
        resolve_location(name, f"la{strange}ke")
    assert strange not in str(caught.value)


@pytest.mark.parametrize("uri", ["s3://KEY:SE/CRET@b/lake", "s3://SECRET@b/lake"])
@pytest.mark.parametrize("name", ["lake", "source", "archive", "out"])
def test_an_address_with_a_secret_is_rejected_and_masked(name: str, uri: str) -> None:
    with pytest.raises(SettingError, match=r"s3://\*\*\*@b/lake: .* cannot contain") as caught:
        resolve_location(name, uri)
    assert "CRET" not in str(caught.value)


@pytest.mark.parametrize(
    "uri", ["s3://", "s3:///x", "s3:/b/x", "s3a://b/x", "file:///x", "s3://b//x", "s3://b/../x"]
)
def test_an_ambiguous_address_is_rejected(uri: str) -> None:
    with pytest.raises(SettingError, match="on S3"):
        resolve_location("source", uri)
    assert resolve_location("source", "s3://b/x/") == "s3://b/x/"


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e300"])
def test_an_invalid_request_timeout_is_rejected(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_S3_SECONDS", value)
    with pytest.raises(SettingError, match=r"^KEYSTONE_S3_SECONDS: Input should be"):
        S3Settings()
