"""The promises of contracts about time and volume, evaluated from the logs of the tables.

A module reads logs only, never rows, and changes nothing.
"""
