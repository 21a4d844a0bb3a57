"""Whole runs over a faulty connection to S3, each checked to end in the right lake.

From the root of the repository: `python -m tests.chaos.s3 --runs 50 --rate 0.1 --seed 1`.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from flows.config.errors import RunFailedError
from flows.pipeline import run
from flows.sample import write_sample
from tests.support.process import free_port, process
from tests.support.s3.lakes import assert_same, contents
from tests.support.s3.server import BEST, BUCKET, connect, make_bucket, reaching

AS_OF = datetime(2018, 10, 1, tzinfo=UTC)
SECONDS = 1.0  # timeout of a request


@contextmanager
def faulty_proxy(server: str, log: Path, rate: float, seed: int, *only: str) -> Iterator[str]:
    """Put a faulty proxy in front of a server; return its address. It logs each fault."""
    port = free_port()
    arguments = [str(port), str(urlsplit(server).port), str(rate), str(seed), *only]
    with process([sys.executable, "-m", "tests.support.s3.faults", *arguments], port, log) as url:
        yield url


def faults(log: Path) -> Counter[str]:
    """Count the faults in a proxy's log."""
    return Counter(line.partition(":")[0] for line in log.read_text().splitlines())


def runs(server: str, folder: Path, count: int, rate: float, seed: int) -> list[str]:
    """Run the lakehouse on S3 `count` times, each with its own landing zone and lake.

    Returns:
        The differences from the expected lakes, landing zones and archives.
    """
    landing, lake, log = folder / "landing", folder / "lake", folder / "faults.log"
    write_sample(landing, 300, seed=seed, dirty=0.01)
    files = {path.name: path.read_bytes() for path in landing.glob("*.csv")}
    run(str(landing), str(lake), as_of=AS_OF)
    expected, wrong = contents(str(lake)), list[str]()
    for number in range(1, count + 1):
        base, started = f"s3://{BUCKET}/run-{number}", monotonic()
        for name, data in files.items():
            connect(server).put_object(Bucket=BUCKET, Key=f"run-{number}/in/{name}", Body=data)
        try:
            with faulty_proxy(server, log, rate, seed + number) as proxy, reaching(proxy, SECONDS):
                run(f"{base}/in", f"{base}/lake", f"{base}/archive", as_of=AS_OF)
            with reaching(server):
                assert_same(contents(f"{base}/lake"), expected)
            assert _objects(server, f"run-{number}/in/") == {}
            assert _objects(server, f"run-{number}/archive/") == files
        except (AssertionError, OSError, RunFailedError) as error:
            wrong.append(f"run {number}: {error}")
        seconds, met = monotonic() - started, faults(log).total()
        result = "WRONG" if wrong and wrong[-1].startswith(f"run {number}:") else "right"
        print(
            f"run {number} of {count}: {result}, {seconds:.0f} s, {met} faults",
            flush=True,
        )
    return wrong


def _objects(server: str, prefix: str) -> dict[str, bytes]:
    client = connect(server)
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return {
        each["Key"].removeprefix(prefix): client.get_object(Bucket=BUCKET, Key=each["Key"])[
            "Body"
        ].read()
        for each in listed
    }


def main() -> int:
    """Run as often as asked; print what went wrong."""
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - reads settings on import

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    os.environ["KEYSTONE_QUIET_SECONDS"] = "0"  # each run archives what was uploaded just now
    with (
        tempfile.TemporaryDirectory() as folder,
        BEST(Path(folder)) as server,
        prefect_test_harness(server_startup_timeout=180),
    ):
        make_bucket(server)
        wrong = runs(server, Path(folder), asked.runs, asked.rate, asked.seed)
    print(f"{asked.runs - len(wrong)} of {asked.runs} runs are right", *wrong, sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
