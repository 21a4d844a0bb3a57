"""What every table promises: one Pandera model per table, layer by layer."""
