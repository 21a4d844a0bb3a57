"""The lake in AWS services: gold in the Glue Data Catalog, message schemas in its registry.

Athena finds the tables in the catalog. Consumers of the stream find the schemas in the registry.
"""
