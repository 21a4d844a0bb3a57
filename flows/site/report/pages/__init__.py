"""The pages of the report: what each tells, its figures, and the SQL that gives them."""
