"""Secrets that people put into addresses, kept out of everything that is printed or stored."""

import re


def mask(text: str) -> str:
    """Return a text in which `***` stands for the secrets of addresses and settings.

    Such as the user and password of `s3://KEY:SECRET@bucket/lake` or `user:password@host`, and
    what follows `?token=` or `sasl.password=`.
    """
    return _VALUE.sub(r"\1***", _USER_INFO.sub("***@", text))


# The secret key of AWS may hold a slash, and a password nearly anything: up to the last @ of the
# word. Without a colon only what stands before the first slash is a user: a path may hold an @.
_USER_INFO = re.compile(r"(?<=://)(?:[^\s/@]*:\S*|[^\s/@]+)@|(?<!\S)[^\s/@:]+:[^\s/]+@(?=\w)")
_VALUE = re.compile(r"(\b[\w.-]*(?:password|secret|token)[\w.-]*=)[^\s&;,]+", re.IGNORECASE)
