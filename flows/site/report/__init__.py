"""The report for managers: pages of charts and tables, each with its SQL statement."""
