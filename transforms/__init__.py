"""How tables become tables: pure functions over LazyFrames, wired by their signatures."""
