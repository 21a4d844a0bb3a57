"""A lake on S3: real servers, and an environment that refers to them."""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.aws import moto
from tests.support.s3.server import BUCKET, VERSITYGW, make_bucket, reaching, versitygw


@pytest.fixture(scope="session", params=[moto, versitygw])
def s3_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of an S3 server with a bucket; one that has to be built first may be missing."""
    if request.param is versitygw and not VERSITYGW.exists() and "CI" not in os.environ:
        pytest.skip("versitygw is not built: make .s3 builds it where Go is")
    with request.param(tmp_path_factory.mktemp("s3")) as url:
        make_bucket(url)
        yield url


@pytest.fixture
def on_s3(s3_server: str) -> Iterator[str]:
    """The URI of an empty prefix; the environment refers to its server."""
    with reaching(s3_server):
        yield f"s3://{BUCKET}/{uuid4()}"
