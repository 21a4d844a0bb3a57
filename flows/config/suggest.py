"""What somebody may have meant by a name that is not there."""

import re
from collections.abc import Iterable
from difflib import get_close_matches


def suggest(asked: str, names: Iterable[str]) -> list[str]:
    """Return at most three names, the likeliest first: a slip, those with the word, those alike.

    A name's words are between its dots and underscores: `score` means `review_score`, and
    `gold.rfm` the table `gold.mart_customer_rfm`.
    """
    names, asked = list(names), asked.lower()
    layer, _, word = asked.rpartition(".")
    words = {name: re.split(r"[._]", name.lower()) for name in names}
    meant = get_close_matches(word, {w for some in words.values() for w in some}, n=1, cutoff=0.8)
    having = [name for name in names if {*meant} & {*words[name]}]
    having.sort(key=lambda name: not name.startswith(f"{layer}."))
    misspelled = get_close_matches(asked, names, cutoff=0.9)
    return [*dict.fromkeys([*misspelled, *having, *get_close_matches(asked, names)])][:3]
