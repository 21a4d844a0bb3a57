"""A web server that serves one parent process and ends with it, even if that is killed.

`python -P server_process.py MODULE:FACTORY FD` serves on the bound socket FD. Standard input is a
pipe whose other end only the parent holds: the system closes it even when the parent is killed.
"""

import os
import signal
import socket
import sys
from threading import Thread
from time import sleep

import uvicorn


def serve(factory: str, bound: int) -> None:
    """Serve an application until the process gets a signal, or its standard input ends."""
    Thread(target=_end_with_parent, daemon=True).start()
    config = uvicorn.Config(factory, factory=True, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    server.run(sockets=[socket.socket(fileno=bound)])
    if not server.started:
        sys.exit("the application did not start")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(_SHUTDOWN_SECONDS)
    os._exit(1)


_SHUTDOWN_SECONDS = 10.0

if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
