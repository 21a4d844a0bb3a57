"""Redaction of personal contact data in free text."""

from collections.abc import Callable, Iterable

import polars as pl

from transforms.contact_patterns import (
    ADDRESSES,
    BARE,
    CARD,
    KINDS,
    LENGTHS,
    LETTER,
    NEAR,
    NUMBER,
    NUMBERS,
    REACH,
    SHAPES,
    SUSPECT,
    TOKEN,
    WORD,
)
from transforms.obfuscation import (
    DIGIT_WORDS,
    NUMBER_IN_WORDS,
    OBFUSCATED,
    OVER_TWO_LINES,
    digits_for_words,
    plain_characters,
)


def redact(text: pl.Expr) -> pl.Expr:
    """Replace contact data and personal numbers in Brazilian Portuguese text by placeholders.

    The placeholders are `[email]`, `[handle]`, `[phone]`, `[cpf]`, `[cnpj]`, `[cep]`, `[rg]`,
    `[card]` and `[pix]`. All other text is unchanged, null stays null, and redacting twice equals
    redacting once. Numbers of orders, invoices, parcels, prices and dates are kept if their shape
    or the words next to them identify them. In doubt the number is redacted: a lost product code
    costs less than a published phone number.

    Obfuscated numbers are found as well: full-width digits, invisible characters, numbers in words
    and line breaks within a number. Only a text with such a number is returned in plain characters.
    """
    return text.map_batches(_redact_batch, return_dtype=pl.String, is_elementwise=True)


def _redact_batch(texts: pl.Series) -> pl.Series:
    texts = _replace_suspects(texts, texts.str.contains(OBFUSCATED), _redact_obfuscated)
    texts = _redact_plain(texts)
    in_words = texts.str.contains_any(DIGIT_WORDS, ascii_case_insensitive=True)
    return _replace_suspects(
        texts, in_words | texts.str.contains(OVER_TWO_LINES), _redact_spelled_out
    )


def _replace_suspects(
    texts: pl.Series, suspect: pl.Series, change: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    """Change the suspect texts only, because a change costs a hundred times as much as a search."""
    suspects = suspect.arg_true()
    if suspects.is_empty():
        return texts
    return texts.clone().scatter(suspects, change(texts.gather(suspects)))


def _redact_plain(texts: pl.Series) -> pl.Series:
    """Redact contact data that is not obfuscated."""
    return _replace_suspects(texts, texts.str.contains(SUSPECT), _redact_suspects)


def _redact_obfuscated(texts: pl.Series) -> pl.Series:
    """Redact contact data in look-alike or invisible characters; keep all other texts."""
    found, as_written = _redact_plain(plain_characters(texts)), _redact_plain(texts)
    differs = plain_characters(as_written) != found
    fewer = found.str.count_matches(_PLACEHOLDER) < as_written.str.count_matches(_PLACEHOLDER)
    return texts.zip_with(~differs | fewer, found)


def _redact_spelled_out(texts: pl.Series) -> pl.Series:
    """Redact numbers in words and across a line break; keep all other texts."""
    in_digits = _replace_suspects(texts, texts.str.contains(NUMBER_IN_WORDS), digits_for_words)
    found = _redact_plain(in_digits)
    return texts.zip_with(found == in_digits, found)


def _redact_suspects(texts: pl.Series) -> pl.Series:
    text = pl.col("text")
    for kind, shape in ADDRESSES:  # an underscore may be part of an address
        text = text.str.replace_all(shape, f"${{1}}${{2}}[{kind}]")
    text = text.str.replace_all("_", _APART, literal=True)
    for kind, shape in NUMBERS:
        text = text.str.replace_all(shape, _replacement(kind, shape))
    text = text.str.replace_all(_GLUED, f"${{1}}${{3}}{_EDGE}${{2}}${{4}}")
    # A null ends the tokens of each text, so that no label applies to the next text.
    tokens = pl.concat_list(text.str.extract_all(TOKEN), pl.lit(None, pl.String))
    redacted = (
        texts.to_frame("text")
        .with_row_index("row")
        .select("row", token=tokens)
        .explode("token")
        .with_columns(
            word=pl.col("token").str.extract_groups(WORD),
            shape=pl.col("token").str.extract_groups(BARE),
            digits=pl.col("token").str.count_matches(r"\d"),
            is_number=pl.col("token").str.contains(NUMBER),
            is_card=pl.col("token").map_batches(_are_cards),
        )
        .with_columns(_classified())
        .with_columns(_label())
        .with_columns(kind=_kind())
        .select("row", token=pl.coalesce(pl.format("[{}]", "kind"), "token"))
        .group_by("row", maintain_order=True)
        .agg(pl.col("token").str.join())
    )["token"]
    restored = redacted.str.replace_all(_APART, "_", literal=True)
    return restored.str.replace_all(_EDGE, "", literal=True)


def _replacement(kind: str, shape: str) -> str:
    """Return the placeholder between the captured letters next to the number, which are kept."""
    letters = [f"${{{number}}}" for number in range(1, shape.count(LETTER) + 1)]
    before = shape.count(f"(?:{LETTER}|")
    return "".join([*letters[:before], f"[{kind}]", *letters[before:]])


def _classified() -> list[pl.Expr]:
    """Add to each token its label, its word and the kind of number that its shape suggests.

    The word of filler is null. The word of other text without a label, and of the end of a text, is
    an empty string.
    """
    label, ends = _named("word", (*LENGTHS, "thing")), pl.col("token").is_null()
    filler = pl.col("word").struct.field("filler").is_not_null()
    return [
        pl.when(ends).then(pl.lit("")).otherwise(label).alias("label"),
        pl.coalesce(label, pl.when(ends | ~filler).then(pl.lit(""))).alias("word"),
        pl.coalesce(pl.when("is_card").then(pl.lit("card")), _named("shape", SHAPES)).alias(
            "shape"
        ),
    ]


def _named(groups: str, names: Iterable[str]) -> pl.Expr:
    """Return the name of the group that matched."""
    return pl.coalesce(
        pl.when(pl.col(groups).struct.field(name).is_not_null()).then(pl.lit(name))
        for name in names
    )


def _label() -> list[pl.Expr]:
    """Add to each token the word before it and the labels that apply to it, near and far."""
    before = pl.col("word").shift(1).forward_fill()
    after = pl.col("word").shift(-1).backward_fill()
    far = pl.when(~pl.col("label").is_in(NEAR)).then("label").forward_fill(limit=REACH)
    beside = pl.coalesce(pl.when(before != "").then(before), pl.when(after == "phone").then(after))
    return [before.alias("before"), beside.alias("beside"), pl.coalesce(beside, far).alias("label")]


def _kind() -> pl.Expr:
    """Return the kind of contact data of a token from its shape and its label."""
    label, shape = pl.col("label"), pl.col("shape")
    fewest, most = (
        label.replace_strict({name: length[end] for name, length in LENGTHS.items()}, default=None)
        for end in (0, 1)
    )
    likely = shape.ne_missing("years") | pl.col("beside").eq_missing("phone")
    bare = pl.when(likely & pl.col("before").ne_missing("thing")).then(
        shape.replace({"years": "phone"})
    )
    fits = likely & pl.col("is_number") & pl.col("digits").is_between(fewest, most)
    return pl.coalesce(pl.when(bare == "cep").then(bare), pl.when(fits).then(label), bare)


def _are_cards(tokens: pl.Series) -> pl.Series:
    """Return which tokens are card numbers with a valid check digit."""
    cards = tokens.str.contains(CARD)
    suspects = cards.arg_true()
    if suspects.is_empty():
        return cards
    number = pl.col("token").str.replace_all(r"\D", "").cast(pl.UInt64)
    digits = [number // 10**power % 10 for power in range(18)]
    doubled = [digit * 2 % 10 + digit // 5 for digit in digits[1::2]]
    passes = pl.sum_horizontal(*digits[::2], *doubled) % 10 == 0
    return cards.scatter(
        suspects, tokens.gather(suspects).to_frame("token").select(passes)["token"]
    )


# For a pattern an underscore is a letter, so a number next to one has no word boundary, as in
# `_11 98765-4321_` (italics in messengers). Two word joiners make a boundary and are removed at the
# end. The same goes for a long number with a word directly after it.
_APART = "\u2060_\u2060"
_EDGE = "\u2060\u2061\u2060"
_GLUED = r"([0-9]{8})(\p{L}{3})|([0-9]{10})(\p{L}{1,2}(?-u:\b))"

_PLACEHOLDER = rf"\[(?:{KINDS})\]"
