"""Gold: the star schema that analysts read."""
