"""Benchmarks: the same work with other tools. docs/performance.md explains the results."""
