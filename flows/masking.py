"""Secrets that people put into addresses, kept out of everything that is printed or stored."""

import re


def mask(text: str) -> str:
    """Return a text in which `***` stands for the user and password of each address.

    Such as `s3://KEY:SECRET@bucket/lake`, `tls://user:password@host`, or `user:password@host`.
    """
    return _USER_INFO.sub("***@", text)


# The secret key of AWS may hold a slash, and a password nearly anything: up to the last @ of the
# word. Without a colon only what stands before the first slash is a user: a path may hold an @.
_USER_INFO = re.compile(r"(?<=://)(?:[^\s/@]*:\S*|[^\s/@]+)@|(?<!\S)[^\s/@:]+:[^\s/@]+@(?=\w)")
