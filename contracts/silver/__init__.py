"""Contracts of silver, the typed and clean source tables with one row per key."""
