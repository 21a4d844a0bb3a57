"""A receiver of notifications: a real HTTP server on the loopback interface."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Webhook:
    """What has been received, and what the receiver answers."""

    port: int = 0
    status: int = 204
    received: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Receive JSON until the context ends."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if hook.status < 400:
                hook.received.append(body)
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as service:
        hook.port = service.server_port
        Thread(target=service.serve_forever, daemon=True).start()
        yield hook
        service.shutdown()
