"""A detector of contact data that is independent of the redaction."""

import re
from collections.abc import Sequence


def contact_data(text: str) -> list[str]:
    """Return the e-mail addresses, phone numbers, CPFs, CNPJs and CEPs in a text.

    Only the usual spellings and numbers with right check digits count, so that hashes, numbers and
    dates in logs and JSON do not count as contact data.
    """
    found = [match[0] for shape in _SHAPES for match in shape.finditer(text)]
    bare = [match[0] for match in _DIGITS.finditer(text)]
    return found + [digits for digits in bare if _is_cpf(digits) or _is_cnpj(digits)]


# Not within a word, a decimal number or an identifier with several groups.
_START, _END = r"(?<![\w.,/-])", r"(?![\w/-]|[.,]\d)"
_SHAPES = tuple(
    re.compile(pattern)
    for pattern in (
        r"[\w.+-]+@\w[\w-]*(?:\.\w[\w-]*)+",
        rf"{_START}\d{{3}}\.\d{{3}}\.\d{{3}}-\d\d{_END}",
        rf"{_START}[0-9A-Z]{{2}}\.[0-9A-Z]{{3}}\.[0-9A-Z]{{3}}/[0-9A-Z]{{4}}-\d\d{_END}",
        rf"\(0?\d\d\) ?(?:\d[ .]?)?\d{{4}}[-. ]?\d{{4}}{_END}",
        rf"{_START}(?:\+?55[ -])?0?\d\d[ -]9?\d{{4}}-\d{{4}}{_END}",
        rf"\+55 ?\d\d ?9?\d{{4}}[- ]?\d{{4}}{_END}",
        rf"{_START}\d\d\.?\d{{3}}-\d{{3}}{_END}",
        r"(?i)\b(?:cep|cpf|cnpj|tel|cel|fone|telefone|celular|whatsapp)\W{0,3}\d{8,14}\b",
    )
)
_DIGITS = re.compile(rf"{_START}(?:\d{{11}}|\d{{14}}){_END}")


def _is_cpf(digits: str) -> bool:
    return len(digits) == 11 and len(set(digits)) > 1 and _checks(digits, range(2, 12))


def _is_cnpj(digits: str) -> bool:
    return len(digits) == 14 and len(set(digits)) > 1 and _checks(digits, [*range(2, 10)] * 2)


def _checks(digits: str, weights: Sequence[int]) -> bool:
    """Return whether the last two digits are the check digits of the others."""
    for end in (len(digits) - 1, len(digits)):
        weighted = zip(reversed(digits[: end - 1]), weights, strict=False)
        rest = sum(int(digit) * weight for digit, weight in weighted) % 11
        if int(digits[end - 1]) != (0 if rest < 2 else 11 - rest):
            return False
    return True
