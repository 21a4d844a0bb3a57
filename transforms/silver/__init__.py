"""Silver: rename, cast and clean, record by record; what breaks a contract is sorted out later."""
