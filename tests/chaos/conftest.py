"""The real Kafka of the chaos tests."""

from tests.support.kafka.real import real_kafka

__all__ = ["real_kafka"]
