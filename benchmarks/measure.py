"""Measurements of a process, and the servers that some of the measured processes need."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

MIB = 1 << 20

METRICS = ("seconds", "cpu", "rss", "load")
"""Wall time and CPU time in seconds; peak memory in MiB, at least that of the measuring process,
because children inherit it; the load average when the process began."""


def measure(words: list[str], environment: Mapping[str, str]) -> dict[str, float]:
    """Run a module of Python with arguments, and with variables beside ours; return `METRICS`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_API")}
    load, started = os.getloadavg()[0], perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *words], stdout=subprocess.DEVNULL, env={**kept, **environment}
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{' '.join(words)}: ended with {process.returncode}"
        raise RuntimeError(message)
    cpu, rss = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / MIB
    return {"seconds": seconds, "cpu": cpu, "rss": rss, "load": load}


@contextmanager
def no_server() -> Iterator[dict[str, str]]:
    """Return the variables of a process that needs no server: none."""
    yield {}


@contextmanager
def prefect_server() -> Iterator[dict[str, str]]:
    """Start a Prefect server; return the variables that refer to it."""
    with TemporaryDirectory() as home:
        os.environ["PREFECT_HOME"] = home
        from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - Prefect reads PREFECT_HOME on import
        from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - Prefect reads PREFECT_HOME on import

        with prefect_test_harness(server_startup_timeout=180):
            yield {"PREFECT_API_URL": str(PREFECT_API_URL.value())}


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Start versitygw with the bucket `lake`; return the variables that refer to it."""
    from tests.support.s3.server import KEYS, make_bucket, versitygw  # noqa: PLC0415 - it imports boto3, which no other step needs

    with TemporaryDirectory(dir=Path.cwd() / ".bench") as folder, versitygw(Path(folder)) as url:
        make_bucket(url)
        yield {**KEYS, "AWS_ENDPOINT_URL": url}
