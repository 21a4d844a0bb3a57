"""A made-up marketplace in the shape of the Olist data: any size, clean or with known defects."""

from flows.sample.write import write_sample

__all__ = ["write_sample"]
