"""Transforms: one pure function over LazyFrames per table. Their signatures are the graph."""
