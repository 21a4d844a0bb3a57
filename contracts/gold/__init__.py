"""Contracts of gold, the star schema that analysts read."""
