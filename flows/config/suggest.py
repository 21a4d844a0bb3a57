"""Suggestions for a name that does not exist."""

import re
from collections.abc import Iterable
from difflib import get_close_matches


def suggest(asked: str, names: Iterable[str]) -> list[str]:
    """Return at most three names, the likeliest first: misspelled, sharing a word, or similar.

    The words of a name are separated by dots and underscores: `score` means `review_score`, and
    `gold.rfm` the table `gold.mart_customer_rfm`.
    """
    names, asked = list(names), asked.lower()
    layer, _, word = asked.rpartition(".")
    words = {name: re.split(r"[._]", name.lower()) for name in names}
    all_words = {each for some in words.values() for each in some}
    meant = get_close_matches(word, all_words, n=1, cutoff=0.8)
    sharing = [name for name in names if {*meant} & {*words[name]}]
    sharing.sort(key=lambda name: not name.startswith(f"{layer}."))
    misspelled = get_close_matches(asked, names, cutoff=0.9)
    return [*dict.fromkeys([*misspelled, *sharing, *get_close_matches(asked, names)])][:3]
