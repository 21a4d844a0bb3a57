"""CSV files to Kafka, and Kafka to bronze exactly once.

A bronze table's commits carry the offsets that it has consumed.
"""
