"""moto's server, which handles one request at a time: `python -m tests.support.moto_service PORT`.

With several threads, moto checks whether an object exists and writes it later: two concurrent
conditional writes would both succeed.
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
