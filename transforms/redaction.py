"""Personal contact data in free text, replaced by a placeholder that names its kind."""

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
    """Replace contact data and the numbers of persons in Brazilian Portuguese text.

    They become `[email]`, `[handle]`, `[phone]`, `[cpf]`, `[cnpj]`, `[cep]`, `[rg]`, `[card]` and
    `[pix]`. All else stays as it is, null stays null, and a second pass finds nothing to do.
    Numbers of things (orders, invoices, parcels, prices, dates) stay as far as their shape or the
    words beside them tell them apart. In doubt the number goes: a lost product code costs less
    than a published phone.

    Full-width digits, invisible characters, numbers in words and a line break inside a number do
    not hide anything. A text comes back in plain characters only where they hid something.
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
    """Change the suspect texts and spare all others the work: it is a hundred times the search."""
    suspects = suspect.arg_true()
    if suspects.is_empty():
        return texts
    return texts.clone().scatter(suspects, change(texts.gather(suspects)))


def _redact_plain(texts: pl.Series) -> pl.Series:
    """Redact what the texts hold as they are written."""
    return _replace_suspects(texts, texts.str.contains(SUSPECT), _redact_suspects)


def _redact_obfuscated(texts: pl.Series) -> pl.Series:
    """Redact what shows in plain characters only; leave all other texts as they are."""
    plain = plain_characters(texts)
    found, written = _redact_plain(plain), _redact_plain(texts)
    differs = plain_characters(written) != found
    fewer = found.str.count_matches(_PLACEHOLDER) < written.str.count_matches(_PLACEHOLDER)
    return texts.zip_with(~differs | fewer, found)


def _redact_spelled_out(texts: pl.Series) -> pl.Series:
    """Redact numbers in words and over a line break; leave all other texts as they are."""
    spelt = _replace_suspects(texts, texts.str.contains(NUMBER_IN_WORDS), digits_for_words)
    found = _redact_plain(spelt)
    return texts.zip_with(found == spelt, found)


def _redact_suspects(texts: pl.Series) -> pl.Series:
    text = pl.col("text")
    for kind, shape in ADDRESSES:  # of which an underscore is a part
        text = text.str.replace_all(shape, f"${{1}}${{2}}[{kind}]")
    text = text.str.replace_all("_", _APART, literal=True)
    for kind, shape in NUMBERS:
        text = text.str.replace_all(shape, _instead(kind, shape))
    text = text.str.replace_all(_GLUED, f"${{1}}${{3}}{_EDGE}${{2}}${{4}}")
    # A null ends the tokens of each text, so that no label reaches into the next one.
    tokens = pl.concat_list(text.str.extract_all(TOKEN), pl.lit(None, pl.String))
    judged = (
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
        .with_columns(_read())
        .with_columns(_label())
        .with_columns(kind=_kind())
        .select("row", token=pl.coalesce(pl.format("[{}]", "kind"), "token"))
        .group_by("row", maintain_order=True)
        .agg(pl.col("token").str.join())
    )["token"]
    apart = judged.str.replace_all(_APART, "_", literal=True)
    return apart.str.replace_all(_EDGE, "", literal=True)


def _instead(kind: str, shape: str) -> str:
    """Return the placeholder, between the groups of the shape, which stay."""
    letters = [f"${{{number}}}" for number in range(1, shape.count(LETTER) + 1)]
    before = shape.count(f"(?:{LETTER}|")
    return "".join([*letters[:before], f"[{kind}]", *letters[before:]])


def _read() -> list[pl.Expr]:
    """Add to each token the label and the word that it is, and the kind that its shape is of.

    Filler is looked through. An empty string is a word that says nothing about a number; the end
    of a text is one, too.
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
    """Add to each token the word before it, the label that it stands under, and how close."""
    before = pl.col("word").shift(1).forward_fill()
    after = pl.col("word").shift(-1).backward_fill()
    far = pl.when(~pl.col("label").is_in(NEAR)).then("label").forward_fill(limit=REACH)
    beside = pl.coalesce(pl.when(before != "").then(before), pl.when(after == "phone").then(after))
    return [before.alias("before"), beside.alias("beside"), pl.coalesce(beside, far).alias("label")]


def _kind() -> pl.Expr:
    """Tell what the shape and the label of a token, or the lack of one, give away."""
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
    """Tell which tokens are numbers of cards, by their check digit."""
    cards = tokens.str.contains(CARD)
    suspects = cards.arg_true()
    if suspects.is_empty():
        return cards
    number = pl.col("token").str.replace_all(r"\D", "").cast(pl.UInt64)
    digits = [number // 10**place % 10 for place in range(18)]
    doubled = [digit * 2 % 10 + digit // 5 for digit in digits[1::2]]
    passes = pl.sum_horizontal(*digits[::2], *doubled) % 10 == 0
    return cards.scatter(
        suspects, tokens.gather(suspects).to_frame("token").select(passes)["token"]
    )


# To a pattern an underscore is a letter, and a number has no edge at it (`_11 98765-4321_` is
# slanted in messengers): two joiners give it one, and are taken away at the end. So are those
# between a long number and a word that is glued to it.
_APART = "\u2060_\u2060"
_EDGE = "\u2060\u2061\u2060"
_GLUED = r"([0-9]{8})(\p{L}{3})|([0-9]{10})(\p{L}{1,2}(?-u:\b))"

_PLACEHOLDER = rf"\[(?:{KINDS})\]"
