"""Everything that does input and output: Prefect flows, Delta tables, files, the command line.

`from flows import Lake` is the way in for Python users.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.lake import Lake
else:

    def __getattr__(name: str) -> Any:
        """Import `Lake` when it is asked for, so that nothing else waits for it."""
        if name == "Lake":
            from flows.lake import Lake

            return Lake
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)


__all__ = ["Lake"]

# Defaults for Prefect, so that a new user need not configure it; existing settings win.
# They are set here because Prefect reads its settings files from the working directory only.
for _name, _value in {
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # A run that misses three heartbeats is considered dead (deployments/automations.py).
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ.setdefault(_name, _value)
