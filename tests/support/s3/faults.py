"""A faulty proxy for S3: `python -m tests.support.s3.faults PORT SERVER_PORT RATE SEED [FAULT]`.

It forwards requests, one per connection, except for a share of them: it answers with an error,
never answers, closes the connection, or forwards the request and drops the response. With a FAULT,
that happens to the first attempt of each commit, and to nothing else. It prints a line for each
fault.
"""

import asyncio
import random
import sys
from asyncio import StreamReader, StreamWriter
from typing import NamedTuple

ERRORS = {
    "500": "InternalError",
    "503": "SlowDown",
    "409": "ConditionalRequestConflict",
}
FAULTS = ("500", "503", "hang", "cut", "cut response", "lose response", "lose response, say 500")
"""Faults of any request."""
FAULTS_OF_WRITES = (*FAULTS, "409")
"""Faults of a request that writes; S3 answers 409 only to these."""
_OF_COMMITS = ("lose response", "lose response, say 500")
_AFTER_SUCCESS = 0.5  # share of a commit's faults that occur after it has succeeded


class Request(NamedTuple):
    """A request without its headers about the connection."""

    line: str
    head: bytes
    body: bytes

    @property
    def commits(self) -> bool:
        """Return whether it creates a version of a Delta table."""
        return self.line.startswith("PUT") and "_delta_log" in self.line


async def serve(port: int, server_port: int, rate: float, seed: int, only: str = "") -> None:
    """Listen until killed."""
    dice, tried = random.Random(seed), set[str]()

    def choose_fault(request: Request) -> str:
        if not only:
            return _draw(dice, request) if dice.random() < rate else ""
        first = request.commits and request.line not in tried
        tried.add(request.line)
        return only if first else ""

    async def handle(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            request = await _read(reader, writer)
            if fault := choose_fault(request):
                print(fault, request.line, sep=": ", flush=True)
            await _answer(request, fault, server_port, writer, reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client closed the connection
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    await server.serve_forever()


def _draw(dice: random.Random, request: Request) -> str:
    if request.commits and dice.random() < _AFTER_SUCCESS:
        return dice.choice(_OF_COMMITS)
    return dice.choice(FAULTS if request.line.startswith(("GET", "HEAD")) else FAULTS_OF_WRITES)


async def _answer(
    request: Request, fault: str, server_port: int, writer: StreamWriter, reader: StreamReader
) -> None:
    if fault in ERRORS:
        writer.write(_error(fault))
    elif fault == "hang":
        await reader.read()  # until the client gives up
    elif fault != "cut":
        answer = await _forward(request, server_port)
        if fault == "cut response":
            answer = answer[: len(answer) // 2]
        elif fault == "lose response":
            answer = b""
        elif fault:
            answer = _error("500")
        writer.write(answer)
    await writer.drain()


async def _read(reader: StreamReader, writer: StreamWriter) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *headers = head.decode("latin-1").strip().split("\r\n")
    kept, length, chunked = [line], 0, False
    for header in headers:
        name, _, value = (part.strip() for part in header.partition(":"))
        if name.lower() == "expect":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif name.lower() != "connection":
            kept.append(header)
        length = int(value) if name.lower() == "content-length" else length
        chunked = chunked or (name.lower() == "transfer-encoding" and "chunked" in value)
    body = await (_chunks(reader) if chunked else reader.readexactly(length))
    kept.append("Connection: close")
    return Request(line, "\r\n".join(kept).encode("latin-1") + b"\r\n\r\n", body)


async def _chunks(reader: StreamReader) -> bytes:
    """Read a chunked body with the lengths of its chunks."""
    body = b""
    while not body.endswith(b"0\r\n"):
        size = await reader.readline()
        body += size + await reader.readexactly(int(size, 16) and int(size, 16) + 2)
    while (trailer := await reader.readline()) != b"\r\n":
        body += trailer
    return body + b"\r\n"


async def _forward(request: Request, port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.head + request.body)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head + b"\r\nConnection: close\r\n\r\n" + body


def _error(status: str) -> bytes:
    body = f"<Error><Code>{ERRORS[status]}</Code><Message>Bad luck.</Message></Error>".encode()
    head = f"HTTP/1.1 {status} Error\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


if __name__ == "__main__":
    port, server_port, rate, seed, *only = sys.argv[1:]
    asyncio.run(serve(int(port), int(server_port), float(rate), int(seed), *only))
