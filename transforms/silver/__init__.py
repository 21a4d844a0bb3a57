"""Silver: rename, cast and clean each record. Validation comes later."""
