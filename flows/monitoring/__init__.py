"""The promises of contracts about time and volume, evaluated from the logs, and alarms about them.

A check reads logs only, never rows; it writes only to remember which alarms it has sent.
"""
