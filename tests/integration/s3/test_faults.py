"""An S3 with transient errors, and one that is unreachable."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from contracts.bronze import Orders
from flows.config.errors import RunFailedError
from flows.delta.outcome import Outcome
from flows.ingest.file_state import FileState
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.ingest.s3_files import S3Object
from flows.pipeline import ingest, run, runs
from flows.refresh.source_tables import refresh_source_table
from flows.sample import write_sample
from flows.storage import filesystem
from tests.chaos import s3 as chaos
from tests.support.aws import moto
from tests.support.s3.server import BEST, BUCKET, make_bucket, reaching
from transforms.graph import tables


@pytest.mark.parametrize("s3_server", [BEST], indirect=True)
def test_a_run_over_a_faulty_connection_ends_in_the_right_lake(
    s3_server: str, tmp_path: Path
) -> None:
    assert chaos.runs(s3_server, tmp_path, count=1, rate=0.05, seed=3) == []
    found = chaos.faults(tmp_path / "faults.log")
    assert found.total() > 20
    assert found["lose response"] + found["lose response, say 500"] > 0


@pytest.mark.parametrize("s3_server", [BEST], indirect=True)
@pytest.mark.parametrize("fault", ["lose response", "lose response, say 500"])
def test_a_commit_whose_response_is_lost_is_found(
    s3_server: str, tmp_path: Path, fault: str
) -> None:
    landing, lake = tmp_path / "landing", f"s3://{BUCKET}/{uuid4()}"
    write_sample(landing, 5, seed=1, dirty=0.3)
    files = find_files(str(landing))[0][Orders]
    table = tables()["silver.orders"]
    outcome = ingest_table(str(tmp_path / "lake"), Orders, files)
    made = refresh_source_table(str(tmp_path / "lake"), table)
    with (
        chaos.faulty_proxy(s3_server, tmp_path / "faults.log", 1, 1, fault) as proxy,
        reaching(proxy, seconds=2),
    ):
        assert ingest_table(lake, Orders, files).read == outcome.read
        assert refresh_source_table(lake, table).metrics() | CHANCE == made.metrics() | CHANCE
    assert chaos.faults(tmp_path / "faults.log") == {fault: 6}  # three tables, created and filled


CHANCE = {"seconds": 0}


def test_an_unresponsive_s3_is_one_line_within_a_minute(tmp_path: Path) -> None:
    write_sample(tmp_path, 1, seed=1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # never answers
        started = monotonic()
        with (
            reaching(f"http://127.0.0.1:{silent.getsockname()[1]}", seconds=1),
            pytest.raises(OSError, match=r"^s3://lake/x: S3 does not answer: [^\n]*$"),
        ):
            run(str(tmp_path), "s3://lake/x")
        assert monotonic() - started < 60


def test_an_s3_that_stops_during_a_run_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = tmp_path / "landing"
    write_sample(landing, 1, seed=1)
    with ExitStack() as server:
        url = server.enter_context(moto(tmp_path))
        make_bucket(url)

        def ingest_then_lose(*args: Any, **options: Any) -> Outcome:
            outcome = ingest_table(*args, **options)
            server.close()
            return outcome

        monkeypatch.setattr(runs, "ingest_table", ingest_then_lose)
        with reaching(url, seconds=1), pytest.raises(RunFailedError) as failed:
            ingest(str(landing), f"s3://{BUCKET}/x")
    (line,) = failed.value.failures
    assert line.startswith(f"s3://{BUCKET}/x: S3 does not answer: ")
    assert url in line


@contextmanager
def answering(answer: bytes) -> Iterator[list[bytes]]:
    """Let Keystone use an S3 that gives the same answer to every request; yield the requests."""
    requests = list[bytes]()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            requests.append(self.request.recv(65536))
            self.request.sendall(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        with reaching(f"http://127.0.0.1:{server.server_address[1]}", seconds=1):
            yield requests
        server.shutdown()


def test_a_truncated_response_is_an_error(tmp_path: Path) -> None:
    listed = S3Object("s3://lake/in/orders.csv", "orders.csv")
    state = FileState(('"etag"',), 0, 0)
    with answering(b"HTTP/1.1 200 OK\r\nServer: S"):
        for ask in (
            partial(find_files, "s3://lake/in"),
            listed.state,
            partial(listed.local_path, state, tmp_path),
            partial(listed.remove, state, ""),
            partial(filesystem.size, "s3://lake/x/part.parquet"),
        ):
            with pytest.raises(OSError, match=r"^s3://lake/.*: S3 does not answer: "):
                ask()


def test_a_truncated_listing_is_an_error() -> None:
    page = b"<ListBucketResult><Name>lake</Name></ListBucketResult>"
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page) + 1}\r\n\r\n".encode()
    with (
        answering(head + page),
        pytest.raises(OSError, match=r"^s3://lake/in: S3 does not answer: "),
    ):
        find_files("s3://lake/in")


def test_a_recent_failure_of_s3_is_raised_without_a_request() -> None:
    with answering(b"") as requests:
        for _ in range(2):
            with pytest.raises(OSError, match=r"^s3://lake/x: S3 does not answer: "):
                filesystem.check_access("s3://lake/x")
        before = len(requests)
        with pytest.raises(OSError, match=r"^s3://lake/y: S3 does not answer: "):
            filesystem.check_access("s3://lake/y")
        assert before == len(requests) / 2
