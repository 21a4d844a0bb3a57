"""Read-only SQL over the lake, and its results as files."""
