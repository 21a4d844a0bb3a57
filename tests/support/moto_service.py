"""moto's server, one request after the other: `python -m tests.support.moto_service PORT`.

Its own threads look whether an object is there, and then write it: of two conditional writes at
once both would succeed.
"""

import sys
from collections.abc import Iterable
from threading import Lock
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple


def main(port: int) -> None:
    """Serve until killed."""
    served, one_at_a_time = DomainDispatcherApplication(create_backend_app), Lock()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with one_at_a_time:
            body: Iterable[bytes] = served(environ, start_response)
            return body

    run_simple("127.0.0.1", port, application, threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main(int(sys.argv[1]))
