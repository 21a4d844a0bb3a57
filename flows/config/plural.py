"""Counts with their nouns."""


def pluralize(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 table", "2,000 tables".

    Args:
        number: the count.
        noun: the noun in the singular.
        plural: the plural, if it is not the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
