"""Check texts against the glossary: `python -m tests.support.prose.check [PATH …]`.

Without a path, all files of the project are checked.

Reports words that `words.toml` retires, and lines of prose over 120 characters. In Markdown, code
spans are not checked for words; tables, code and links may be longer. ruff limits the lines
of docstrings.
"""

import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
OWN_TEST = Path("tests/unit/test_prose_check.py")
LONGEST = 120
TEXTS = {".html", ".js", ".md", ".py", ".sql", ".toml", ".yaml", ".yml"}
NAMES = {"Dockerfile", "Makefile", "run"}


def problems(path: Path) -> Iterator[str]:
    """Yield the problems of a file, each as `path:line: problem`."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        for word in _retired(_checked(path, line), _TEXT):
            yield f"{path}:{number}: {word!r}: say {_WORDS['text'][word]}"
    if path.suffix == ".py":
        yield from _names(path)
    for number in _long(path, lines):
        yield f"{path}:{number}: a line of prose has {len(lines[number - 1])} characters"


def files(paths: Sequence[str]) -> list[Path]:
    """Return the files of the repository with text in them, below paths or all."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *paths]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = map(Path, filter(None, listed.split("\0")))
    return [
        path
        for path in found
        if (path.suffix in TEXTS or path.name in NAMES)
        and path.exists()
        and HERE not in path.resolve().parents
        and path != OWN_TEST
    ]


_WORDS: Mapping[str, Mapping[str, str]] = tomllib.loads((HERE / "words.toml").read_text())
_ALLOWED = re.compile("|".join(map(re.escape, _WORDS["allowed"]["texts"])))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _any_of(words: Mapping[str, str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<![a-z])(?:{'|'.join(longest_first)})(?![a-z])", re.IGNORECASE)


_TEXT, _NAME = _any_of(_WORDS["text"]), _any_of(_WORDS["names"])


def _checked(path: Path, line: str) -> str:
    """Return the part of a line that is checked for words."""
    line = re.sub(r"`[^`]*`", "", line) if path.suffix == ".md" else line
    return _ALLOWED.sub("", line)


def _retired(text: str, words: re.Pattern[str]) -> Iterator[str]:
    for found in words.finditer(_CAMEL.sub(" ", text)):
        yield found[0].lower()


def _names(path: Path) -> Iterator[str]:
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.NAME:
                for word in _retired(token.string, _NAME):
                    replacement = _WORDS["names"][word]
                    yield f"{path}:{token.start[0]}: name {token.string}: say {replacement}"


def _long(path: Path, lines: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of lines of prose that are too long."""
    in_code = False
    for number, line in enumerate(lines, 1):
        in_code ^= line.lstrip().startswith("```")
        is_code = in_code or line.startswith(" " * 4)
        is_markdown = path.suffix == ".md"
        is_prose = not is_code if is_markdown else line.lstrip().startswith("#")
        if is_prose and len(line) > LONGEST and line[:1] not in "|<" and "](" not in line:
            yield number


def main(paths: Sequence[str]) -> None:
    """Print the problems of files, and exit with 1 if there are any."""
    found = [problem for path in files(paths) for problem in problems(path)]
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))


if __name__ == "__main__":
    main(sys.argv[1:])
