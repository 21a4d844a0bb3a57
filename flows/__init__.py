"""Everything that touches the world: Prefect flows, Delta tables, files and the command line."""

import os

# What the project needs of Prefect, so that a newcomer sets nothing; whoever set it is obeyed.
# Set here because Prefect reads its own settings files from the working directory only.
for _name, _value in {
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # A run that is silent for three of these is taken for dead (deployments/automations.py).
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ.setdefault(_name, _value)
