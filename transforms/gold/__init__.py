"""Gold: join and aggregate silver into dimensions, facts and marts."""
