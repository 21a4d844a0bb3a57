"""Static sites about a lake: the data docs and the report. Both share one layout and its charts."""
