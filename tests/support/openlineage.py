"""A receiver of OpenLineage events: a small HTTP server that validates what it gets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SPEC = Path(__file__).parent / "openlineage_spec"

Fields = dict[str, Any]


@dataclass
class Receiver:
    """What a receiver got."""

    url: str = ""
    events: list[Fields] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    """Why events are invalid by the specification."""

    def of(self, job: str) -> list[Fields]:
        """Return the events of a job, in the order in which they were sent."""
        return [event for event in self.events if event["job"]["name"] == job]


@contextmanager
def receiver(*, answers: bool = True) -> Iterator[Receiver]:
    """Receive events at a free port.

    Args:
        answers: whether requests get an answer; if not, each waits until the end.
    """
    received, ended = Receiver(), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.events.append(event)
            received.invalid += problems(event)
            if not answers:
                ended.wait()
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        received.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield received
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def problems(event: Fields) -> list[str]:
    """Return why an event, or one of its facets, is invalid by the specification."""
    found = [*_validator(event["schemaURL"]).iter_errors(event)]
    for facet in _facets(event):
        found += _validator(facet["_schemaURL"]).iter_errors(facet)
    return [f"{error.json_path}: {error.message}" for error in found]


def _facets(part: Any) -> Iterator[Fields]:
    if isinstance(part, dict):
        if "_schemaURL" in part:
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _facets(each)


@cache
def _validator(address: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": address}, registry=_registry())


@cache
def _registry() -> Any:
    schemas = [json.loads(path.read_text()) for path in SPEC.glob("*.json")]
    return Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas
    )
