"""Silver: the sources typed and clean, one row per key."""
