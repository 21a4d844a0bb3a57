"""Eight concurrent writers of one lake on S3, protected only by conditional puts."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from flows import delta
from flows.sample import write_sample
from tests.support.project import ROOT
from tests.support.s3.lakes import assert_same, contents
from tests.support.s3.objects import upload
from tests.support.s3.server import BEST
from tests.support.s3.writer import write

WRITERS = 8


@pytest.mark.parametrize("s3_server", [BEST], indirect=True)
def test_eight_writers_at_once_write_every_record_once(on_s3: str, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    write_sample(tmp_path / "sample", 200, seed=1, dirty=0.02)
    landing.mkdir()
    header, *records = (tmp_path / "sample" / "olist_orders_dataset.csv").read_text().splitlines()
    for number in range(WRITERS):
        part = [header, *records[number::WRITERS]]
        (landing / f"orders_{number}.csv").write_text("\n".join(part))
    for path in landing.glob("*.csv"):
        upload(f"{on_s3}/in/{path.name}", path.read_bytes())
    gate, latch = os.pipe()
    writers = [_start(f"{on_s3}/in", f"{on_s3}/lake", gate) for _ in range(WRITERS)]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    os.close(latch)
    os.close(gate)
    for writer in writers:
        assert writer.communicate(timeout=240)[1] == ""
    write(str(landing), str(tmp_path / "lake"))
    assert_same(contents(f"{on_s3}/lake"), contents(str(tmp_path / "lake")))
    orders = delta.scan(delta.open_existing(f"{on_s3}/lake", "bronze.orders")).collect()
    assert len(orders) == len(records)
    assert not orders.select(pl.struct("_source", "_position").is_duplicated().any()).item()


def _start(source: str, lake: str, gate: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.s3.writer", source, lake],
        cwd=ROOT,
        stdin=gate,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
