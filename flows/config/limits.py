"""Limits of settings that commands need before they read any."""

MAX_RETENTION_DAYS = 3650
"""The maximum retention of table versions; a larger number is a typing error."""
