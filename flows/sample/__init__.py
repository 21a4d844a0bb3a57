"""A synthetic marketplace in the format of the Olist data, clean or with known defects."""

from flows.sample.write import write_sample

__all__ = ["write_sample"]
