"""Lines that a terminal folds between words."""

import re
from textwrap import fill


def fold(line: str, width: int) -> str:
    """Return a line folded between words, with the rest indented below its beginning.

    A name, a path or a command is never broken, so that it can be copied: one that is wider than
    the terminal is left to it. The rest of a tree's line is indented below the branch.
    """
    branch = _BRANCH.match(line)
    lead = branch[0] if branch else ""
    whole = _WHOLE.sub(lambda found: found[0].replace(" ", _JOINT), line[len(lead) :])
    folded = fill(
        whole,
        width,
        initial_indent=lead,
        subsequent_indent=lead.translate(_BELOW) + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return folded.replace(_JOINT, " ")


_BRANCH = re.compile("[ │├└─]+")
_BELOW = str.maketrans("├└─", "│  ")
_WHOLE = re.compile(r"`[^`]*`|^keystone .*| \([\d,]+\)")
"""Commands, and the count after a name."""
_JOINT = "\0"
"""Stands for a space at which a line is not folded."""
