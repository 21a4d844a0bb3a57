"""The report for managers: pages of charts and tables, each with the SQL statement behind it."""
