"""An erasure of a person from a lake and an archive on S3."""

from pathlib import Path

import pytest

from flows.pipeline import forget, refresh, run
from tests.support.erasure import KEY, PERSON, make, mentions
from tests.support.s3.objects import held, upload
from tests.support.s3.server import BEST


def _download(uri: str, folder: Path) -> Path:
    for name, data in held(uri).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("s3_server", [BEST], indirect=True)
def test_no_byte_of_the_person_is_left_on_s3(
    on_s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_ERASURE_KEY", KEY)
    lake, archive, landing = f"{on_s3}/lake", f"{on_s3}/archive", f"{on_s3}/landing"
    (tmp_path / "local").mkdir()
    originals = make(tmp_path / "local") / "originals-1"
    for _ in range(2):  # at first whole, then again after the erasure
        for path in originals.iterdir():
            upload(f"{landing}/{path.name}", path.read_bytes())
        run(landing, lake, archive)
        assert held(landing) == {}
        forget(lake, PERSON, archive=archive)
        for name in ("lake", "archive"):
            assert mentions(_download(f"{on_s3}/{name}", tmp_path / name)) == []
        assert not any(outcome.changed for outcome in refresh(lake))
        assert not any(outcome.changed for outcome in run(archive, lake))
