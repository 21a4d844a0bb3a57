"""Contracts: one Pandera model per table, layer by layer."""
