"""Trace: the records that a row was computed from, and the other records of their keys.

`trace` walks from a row to bronze by the wiring of the graph; it reads tables and writes nothing.
"""

from flows.trace.model import NoRowError, Reason, Record, Row, Rows
from flows.trace.result import Trace
from flows.trace.trace import trace, traceable_table

__all__ = ["NoRowError", "Reason", "Record", "Row", "Rows", "Trace", "trace", "traceable_table"]
