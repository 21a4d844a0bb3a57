"""Masking of secrets in addresses, before a text is printed or stored."""

import re


def mask(text: str) -> str:
    """Replace the secrets of addresses and settings in a text by `***`.

    These are the user and password of `s3://KEY:SECRET@bucket/lake` or `user:password@host`, and
    the values of `?token=` or `sasl.password=`.
    """
    return _VALUE.sub(r"\1***", _USER_INFO.sub("***@", text))


# An AWS secret key may contain a slash, and a password nearly anything, so mask up to the last @ of
# the word. Without a colon the user ends before the first slash, because a path may contain an @.
_USER_INFO = re.compile(r"(?<=://)(?:[^\s/@]*:\S*|[^\s/@]+)@|(?<!\S)[^\s/@:]+:[^\s/]+@(?=\w)")
_VALUE = re.compile(r"(\b[\w.-]*(?:password|secret|token)[\w.-]*=)[^\s&;,]+", re.IGNORECASE)
