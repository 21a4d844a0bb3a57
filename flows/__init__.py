"""Everything that does input and output: Prefect flows, Delta tables, files, the command line."""

import os

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
