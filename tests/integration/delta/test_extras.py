"""Commands where the optional packages are not installed."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.config.errors import SettingError
from flows.config.extras import EXTRAS
from flows.config.secrets import reveal
from flows.kafka.client import KafkaSettings, client_config
from flows.kafka.schema_registry import connect
from tests.support.landing import Land
from tests.support.project import ROOT

OPTIONAL = {each for each in EXTRAS if "." not in each} | {"httpx2", "pandas", "hypothesis"}
"""Packages that the base installation lacks; the client of the schema registry needs httpx2."""

MSK = KafkaSettings(bootstrap="localhost:1", sasl_mechanism="AWS_MSK_IAM", region="sa-east-1")

Keystone = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def keystone(tmp_path: Path) -> Keystone:
    """Run a command in a process that finds no optional package."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    for name in OPTIONAL:
        error = f'raise ModuleNotFoundError("No module named {name!r}", name={name!r})'
        (hidden / f"{name}.py").write_text(error)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flows", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(hidden), "KEYSTONE_EXECUTOR": "local"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_base_commands_need_no_optional_package(keystone: Keystone, land: Land, lake: str) -> None:
    landing = str(land(orders=[{}], customers=[{}]))
    for command in (
        ["run", "--source", landing],
        ["refresh"],
        ["replay"],
        ["sql", "FROM gold.fact_orders"],
        ["status"],
        ["history", "gold.fact_orders"],
        ["maintain"],
    ):
        done = keystone(*command, "--lake", lake)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_missing_client_of_openlineage_costs_the_events_and_one_warning(
    keystone: Keystone, land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    done = keystone("run", "--source", str(land(orders=[{}])), "--lake", lake)
    assert done.returncode == 0
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("OpenLineage events are lost: ")
    assert "pip install 'keystone-nexus[openlineage]'" in warning


@pytest.mark.parametrize(
    ("extra", "command"),
    [
        ("aws", "status --lake s3://bucket/lake"),
        ("aws", "catalog --lake s3://bucket/lake"),
        ("charts", "docs --lake lake --out site"),
        ("charts", "report --lake lake --out site"),
        ("dask", "run --source {landing} --lake lake --runner dask"),
        ("excel", "sql --lake lake FROM --out sales.xlsx"),
        ("sample", "sample --orders 1 --out landing"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    keystone: Keystone, land: Land, extra: str, command: str
) -> None:
    done = keystone(*command.format(landing=land(orders=[{}])).split())
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert line.endswith(f"which is not installed: pip install 'keystone-nexus[{extra}]'")


@pytest.mark.parametrize(
    ("package", "use"),
    [
        ("aws_msk_iam_sasl_signer", lambda: client_config(MSK)),
        ("confluent_kafka.schema_registry", lambda: connect("http://localhost:1")),
        ("prefect_aws", lambda: reveal(SecretStr("block:aws-secret/kafka"), "password")),
    ],
)
def test_a_missing_package_is_named_before_it_is_used(
    monkeypatch: pytest.MonkeyPatch, package: str, use: Callable[[], object]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    expected = rf"with {package}, which is not installed: pip install 'keystone-nexus"
    with pytest.raises(SettingError, match=expected):
        use()


def test_every_extra_is_declared_by_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {*EXTRAS.values()} <= project["optional-dependencies"].keys()
