"""From Kafka to bronze, exactly once, and from CSV files to Kafka.

The offsets that a bronze table has consumed travel in its own commits.
"""
