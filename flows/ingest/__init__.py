"""From the landing zone to bronze: find the files, read the CSV, append the records, archive.

A file is archived only after its records are proven in bronze.
"""
