"""Obfuscated numbers: look-alike characters, digits in words, line breaks within a number."""

import polars as pl

# Characters that may imitate others: all except ASCII, Latin-1 letters and a few signs.
OBFUSCATED = r"[^\x00-\x7F\u00A0\u00A7\u00A8\u00AA\u00B0\u00B4\u00BA\u00C0-\u00FF\u2018-\u201D]"


def plain_characters(texts: pl.Series) -> pl.Series:
    """Replace full-width characters by plain ones and remove invisible ones."""
    return (
        texts.str.replace_all(r"([\d\]])(\p{No})", "$1 $2")  # a footnote mark is not a digit
        .str.normalize("NFKC")
        .str.replace_all(_INVISIBLE, "")
        .str.replace_all(r"(\d)\p{M}+", "$1")
        .str.replace_many(_DIGITS)
        .str.normalize("NFKC")
    )


def digits_for_words(texts: pl.Series) -> pl.Series:
    """Replace number words next to numbers by digits, and join labelled numbers across lines."""
    text = pl.col("text").str.replace_all(_BROKEN, "$1-$2")
    # A null ends the tokens of each text, so that tokens of two texts are never neighbours.
    tokens = pl.concat_list(text.str.extract_all(_TOKEN), pl.lit(None, pl.String))
    token = pl.col("token")
    digits = token.str.to_lowercase().replace_strict(_IN_DIGITS, default=None)
    number = digits.is_not_null() | token.str.contains(r"\d")
    gap = token.str.contains(rf"^{_GAP}$")
    after_number = gap.shift(1) & number.shift(2)
    before_number = gap.shift(-1) & number.shift(-2)
    beside_word = digits.shift(1).is_not_null() | digits.shift(-1).is_not_null()
    between = (
        gap & number.shift(1) & number.shift(-1) & beside_word & ~token.str.contains_any(["(", ")"])
    )
    return (
        texts.to_frame("text")
        .with_row_index("row")
        .select("row", token=tokens)
        .explode("token")
        .select(
            "row",
            pl.when(between)
            .then(pl.lit(""))
            .when(digits.is_not_null() & (after_number | before_number))
            .then(digits)
            .otherwise(token)
            .alias("token"),
        )
        .group_by("row", maintain_order=True)
        .agg(pl.col("token").str.join())
    )["token"]


_INVISIBLE = r"[\p{Cf}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u2800\u3164\uFFA0\uFE00-\uFE0F]"

# Digits that NFKC does not normalize: Arabic, Persian and Devanagari.
_DIGITS = {chr(zero + n): str(n) for zero in (0x0660, 0x06F0, 0x0966) for n in range(10)}

_ONES = {
    "zero": 0, "um": 1, "uma": 1, "dois": 2, "duas": 2, "três": 3, "tres": 3, "quatro": 4,
    "cinco": 5, "seis": 6, "meia": 6, "sete": 7, "oito": 8, "nove": 9,
}  # fmt: skip
_TEENS = {
    "dez": 10, "onze": 11, "doze": 12, "treze": 13, "catorze": 14, "quatorze": 14, "quinze": 15,
    "dezesseis": 16, "dezessete": 17, "dezoito": 18, "dezenove": 19,
}  # fmt: skip
_TENS = {
    "vinte": 20, "trinta": 30, "quarenta": 40, "cinquenta": 50, "sessenta": 60, "setenta": 70,
    "oitenta": 80, "noventa": 90,
}  # fmt: skip
_IN_DIGITS = {
    word: str(number)
    for word, number in {
        **_ONES,
        **_TEENS,
        **_TENS,
        **{f"{ten} e {one}": _TENS[ten] + _ONES[one] for ten in _TENS for one in _ONES},
    }.items()
}
_TOKEN = rf"(?i:(?:{'|'.join(_TENS)}) e) \p{{L}}+|\p{{L}}+|\d+|[^\p{{L}}\d]+"

# Every number in words contains one of these.
DIGIT_WORDS = [
    "zero",
    "dois",
    "duas",
    "três",
    "tres",
    "quatro",
    "cinco",
    "seis",
    "meia",
    "sete",
    "oito",
    "nove",
    "onze",
    *_TENS,
]
_WORDS = "|".join([*_ONES, *_TEENS, *_TENS])
_GAP = r"[\p{Zs}(),._-]{1,3}"
# A number across a line break. It is one number only directly after a label.
OVER_TWO_LINES = r"\d[\p{Zs}.-]{0,2}\r?\n[\p{Zs}.-]?\d"
# Two number words in a row, or one next to a digit.
NUMBER_IN_WORDS = rf"(?i)(?:{_WORDS}){_GAP}(?:{_WORDS}|\d)|\d{_GAP}(?:{_WORDS})|{OVER_TWO_LINES}"
_LABEL = (
    r"\b(?:tel\w*|fones?|cel\w*|wh?ats\w*|wpp|zap|contato|c\.?p\.?f|cnpj|cep|rg|cart[aã]o|pix)"
    r"\W{0,4}(?:(?:n[ºo]?|é|eh)\W{1,2})?"
)
_BROKEN = (
    rf"(?i)({_LABEL}[+(]?\d[\d\p{{Zs}}().-]{{0,16}}?)[\p{{Zs}}.-]{{0,2}}\r?\n[\p{{Zs}}.-]?(\d)"
)
