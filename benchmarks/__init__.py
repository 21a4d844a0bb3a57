"""The same work with other tools; see docs/reference/performance.md."""
