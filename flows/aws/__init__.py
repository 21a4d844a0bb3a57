"""What AWS itself shows of the lake: gold in the Glue Data Catalog, wire contracts in its registry.

Athena finds the tables in the catalog; consumers of the stream find the schemas in the registry.
"""
