"""The pages of the report: the summary, the panels and the SQL of each."""
