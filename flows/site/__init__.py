"""Static sites of the lake: a shell that all share, and the pages of the data docs."""
