"""What the same work costs with other tools; docs/performance.md tells how to read it."""
