"""Personal contact data in free text, replaced by a placeholder that names its kind."""

import polars as pl


def redact(text: pl.Expr) -> pl.Expr:
    """Replace e-mail addresses, phone numbers, CPF, CNPJ and CEP in Brazilian Portuguese text.

    They become `[email]`, `[phone]`, `[cpf]`, `[cnpj]` and `[cep]`. All else stays as it is, null
    stays null, and a second pass finds nothing to do. Numbers of things (orders, invoices, parcels,
    prices, dates) stay as far as their shape or the words beside them tell them apart. In doubt the
    number goes: a lost product code costs less than a published phone.
    """
    return text.map_batches(_redact_suspects, return_dtype=pl.String, is_elementwise=True)


def _redact_suspects(texts: pl.Series) -> pl.Series:
    """Spare all other texts the work: it is a hundred times that of finding the suspects."""
    suspects = texts.str.contains(_SUSPECT).arg_true()
    if suspects.is_empty():
        return texts
    redacted = texts.gather(suspects).to_frame("text").select(_redacted(pl.col("text")))
    return texts.clone().scatter(suspects, redacted.to_series())


def _redacted(text: pl.Expr) -> pl.Expr:
    text = _replaced(text, ADDRESSES)  # of which an underscore is a part
    text = _replaced(text.str.replace_all("_", _APART, literal=True), NUMBERS)
    tokens = text.str.extract_all(_TOKEN).list.eval(_read(pl.element()))
    labelled = tokens.list.eval(_label(pl.element()))
    judged = labelled.list.eval(_judge(pl.element())).list.join("")
    return judged.str.replace_all(_APART, "_", literal=True)


def _replaced(text: pl.Expr, shapes: tuple[tuple[str, str], ...]) -> pl.Expr:
    for kind, shape in shapes:
        text = text.str.replace_all(shape, _instead(kind, shape))
    return text


def _instead(kind: str, shape: str) -> str:
    """Return the placeholder, between the letters that the shape takes along."""
    letters = [f"${{{number}}}" for number in range(1, shape.count(_LETTER) + 1)]
    before = shape.count(f"(?:{_LETTER}|")
    return "".join([*letters[:before], f"[{kind}]", *letters[before:]])


def _read(token: pl.Expr) -> pl.Expr:
    """Add to each token which label it is, if any, and whether it is a word.

    Filler is looked through. An empty string is a word that says nothing about a number.
    """
    label = pl.coalesce(pl.when(_is(token, words)).then(pl.lit(name)) for name, words in _LABELS)
    word = pl.coalesce(label, pl.when(~_is(token, _FILLER)).then(pl.lit("")))
    return pl.struct(token.alias("token"), label=label, word=word)


def _label(read: pl.Expr) -> pl.Expr:
    """Add to each token of a text the word just before it and the label that it stands under."""
    label, word = read.struct.field("label"), read.struct.field("word")
    before = word.shift(1).forward_fill()
    after = word.shift(-1).backward_fill()
    return pl.struct(
        read.struct.field("token"),
        before=before,
        label=pl.coalesce(
            pl.when(before != "").then(before),
            pl.when(after == "phone").then(after),
            label.forward_fill(limit=_REACH),
        ),
    )


def _judge(labelled: pl.Expr) -> pl.Expr:
    """Replace the tokens that their shape and label, or the lack of one, give away."""
    token, before, label = (labelled.struct.field(n) for n in ("token", "before", "label"))
    verdicts = [
        pl.when(_is(token, shape), label == wanted if wanted else before.ne_missing("thing")).then(
            pl.lit(f"[{kind}]")
        )
        for kind, wanted, shape in _RULES
    ]
    return pl.coalesce(*verdicts, token)


def _is(token: pl.Expr, pattern: str) -> pl.Expr:
    return token.str.contains(rf"^(?i:{pattern})$")


def _any(*patterns: str) -> str:
    """Join patterns; their word boundaries become those of ASCII, which are much faster."""
    return "|".join(patterns).replace(r"\b", r"(?-u:\b)")


def _digits(fewest: int, most: int) -> str:
    return rf"\d(?:\W*\d){{{fewest - 1},{most - 1}}}"


# What stands between the groups of a number. No line break: it ends a house or apartment number.
# Format characters do: a number that is copied from a messenger comes wrapped in them.
_LINE = r"\-\u2010-\u2015\u2212"
_BETWEEN = rf"[\p{{Zs}}\p{{Cf}}\t._{_LINE}]"
_SEP = rf"{_BETWEEN}{{1,3}}"
_OPT = rf"{_BETWEEN}{{0,3}}"
_DASH = rf"\p{{Zs}}?[.{_LINE}]\p{{Zs}}?"
_HYPHEN = rf"[{_LINE}]"

# To a pattern an underscore is a letter, and a number has no edge at it (`_11 98765-4321_` is
# slanted in messengers): two joiners give it one, and are taken away at the end.
_APART = "\u2060_\u2060"

# The least that could be contact data.
_SUSPECT = rf"@|\d(?:{_OPT}\d){{4}}|/\w{{4}}-|(?i:cnpj|arroba|[(\[]at?[)\]])"

# An area code, behind a carrier's (0 15 11, 015 11) or the place where it is to be put (0xx11).
_TRUNK = rf"(?:\b(?:0?[xX][xX]{_OPT}|0{_OPT}\(?\d\d\)?{_SEP}))?"
_AREA = rf"{_TRUNK}0?\d\d{_SEP}"
_GROUPS = rf"\d\d\d?{_SEP}\d\d\d{_SEP}\d\d\d\d?|\d\d\d?(?:{_SEP}\d\d){{3}}"
_LOCAL = rf"(?:(?:9{_SEP})?\d\d\d\d\d?{_OPT}\d\d\d\d|{_GROUPS})"

# Where a number begins and ends; a letter that stands right beside it is put back.
_LETTER = r"(\p{L})"
_START, _END = rf"(?:{_LETTER}|\b)", rf"(?:\b|{_LETTER})"

_USER = r"[\w.%+'-]+[\"\p{Cf}]?"
_DOT = r"(?:[.,]|\p{Zs}[.,]\p{Zs}?|\p{Zs}ponto\p{Zs})"
_PROVIDER = r"gmail|hotmail|outlook|yahoo|icloud|live|bol|uol|terra"
_HOST = rf"(?:(?:[\w-]+{_DOT})+(?:com|net|org|br)|{_PROVIDER})"
_REST = r"\b(?:\p{Zs}?[.,]\p{Zs}?(?:com|br)\b)*"
_AT_IN_WORDS = r"(?:\p{Zs}?[(\[](?:at?|arroba)[)\]]\p{Zs}?|\p{Zs}arroba\p{Zs})"
_CNPJ = (
    rf"{_START}\d\d{_OPT}\d\d\d{_OPT}\d\d\d{_OPT}/{_OPT}\d\d\d\d{_OPT}\d\d{_END}",
    rf"\b\d\d{_SEP}\d\d\d{_SEP}\d\d\d{_SEP}\d\d\d\d{_SEP}\d\d\b",
    # Since 2026 a CNPJ may hold letters; only the two digits at its end may not be any.
    r"\b(?i:[\da-z]{2}\.?[\da-z]{3}\.?[\da-z]{3}/[\da-z]{4}-\d\d)\b",
    r"\b(?i:cnpj[^\w\]]{0,5}(?:nº\W?)?[\d./-]{0,15}[a-z][\da-z./-]{0,15}\d\d)\b",
)
_CPF = (
    rf"\b\d\d\d{_SEP}\d\d\d{_SEP}\d\d\d(?:{_OPT}|/)\d\d{_END}",
    rf"\b\d\d\d,\d\d\d,\d\d\d[-/]\d\d{_END}",
    rf"\b\d{{9}}{_HYPHEN}\d\d{_END}",
)
_PHONE = (
    rf"\+{_OPT}55{_OPT}\(?0?\d\d\)?{_OPT}{_LOCAL}{_END}",
    rf"{_TRUNK}\({_OPT}(?:0|0?[xX][xX])?{_OPT}\d\d{_OPT}\){_OPT}{_LOCAL}{_END}",
    rf"\b(?:(?:00)?55{_SEP})?{_AREA}(?:\d{{5}}{_SEP}|9{_SEP}\d{{4}}{_OPT})\d\d\d\d{_END}",
)

# (kind, pattern): what gives itself away wherever it stands. After `redact` no text matches any.
# Few, for Polars keeps 32 compiled patterns at hand, and this file needs most of them.
ADDRESSES: tuple[tuple[str, str], ...] = (
    ("email", rf"{_USER}@[\w-]+(?:\.+[\w-]+)+"),
    ("email", _any(rf"(?i){_USER}\p{{Zs}}?@\p{{Zs}}?{_HOST}{_REST}")),
    ("email", _any(rf"(?i){_USER}{_AT_IN_WORDS}{_HOST}{_REST}")),
    ("email", r"[\w.%+'-]{2,}@[\w-]{4,}"),
)
NUMBERS: tuple[tuple[str, str], ...] = (
    ("cnpj", _any(*_CNPJ)),
    ("cpf", _any(*_CPF)),
    ("phone", _any(*_PHONE)),
)

# What is left, cut into numbers (one piece each, though written in groups), words and the rest.
_TOKEN = _any(
    r"\[(?:email|phone|cpf|cnpj|cep)\]",
    rf"{_AREA}(?:\d{{8,9}}|\d\d\d\d{_SEP}\d\d\d\d)\b",
    r"[^\W\d_]+\.?",
    rf"9{_SEP}\d\d\d\d{_OPT}\d\d\d\d\b",
    rf"\d{{4,7}}{_DASH}\d\d\d\d\b",
    r"\d{4,5}\p{Zs}\d\d\d\d(?:-\d\d\d\d)?\b",
    rf"\d\d\.?\d\d\d{_SEP}\d\d\d\b",
    rf"\d{{5}}{_HYPHEN}\d\d?\b",
    rf"\d{{9}}(?:{_SEP}|/)\d\d\b",
    rf"\d\d\d?(?:{_SEP}\d\d\d?){{2,4}}\b",
    r"\w+",
    r"(?s:.)",
)

# (label, words): what the number after such a word is. A "thing" is nobody's number: it stays.
_LABELS: tuple[tuple[str, str], ...] = (
    ("cnpj", r"cnpjs?\.?"),
    ("cpf", r"cpfs?\.?"),
    ("cep", r"(?:c[eé]ps?|postal)\.?"),
    ("phone", r"(?:tel(?:s|ef\w*)?|fones?|cel(?:s|ular\w*)?|wh?ats\w*|wpp|zap\w*|fixo|ramal)\.?"),
    ("phone", r"(?:contat\w*|lig(?:a|o|ue)\w*|cham(?:a|e|em|ar))\.?"),
    ("thing", r"pedidos?|ordem|notas?|fiscal|danfe|protocolos?|rastre\w*|chamados?|processos?"),
    ("thing", r"c[oó]digos?|boletos?|objetos?|s[eé]rie|(?:nfe?|c[oó]d|ref|prot)\.?|\$"),
)
_FILLER = r"[^\w\r\n.,!?]|_|n[ºo]?\.?|n[uú]m(?:eros?)?\.?|d?[aeo]s?|é|foi|com|sob|cujo|meu|minha"

# How many tokens (words, and the spaces between them) a label reaches over.
_REACH = 16

# (kind, label, shape) in order of precedence. Without a label: unless it follows a thing.
_RULES: tuple[tuple[str, str | None, str], ...] = (
    ("cep", None, rf"\d\d\.?\d\d\d\p{{Zs}}?{_HYPHEN}\p{{Zs}}?\d\d\d"),
    ("cnpj", "cnpj", _digits(14, 14)),
    ("cpf", "cpf", _digits(9, 11)),
    ("cep", "cep", _digits(5, 8)),
    ("phone", "phone", _digits(8, 13)),
    ("phone", None, rf"{_AREA}\d\d\d\d{_SEP}\d\d\d\d|\d\d\p{{Zs}}\d{{8,9}}"),
    ("phone", None, rf"\d{{5,7}}{_HYPHEN}\d\d\d\d|9[\p{{Zs}}.]?\d\d\d\d{_DASH}\d\d\d\d"),
    ("phone", None, r"9\d\d\d\d\p{Zs}\d\d\d\d|(?:55|0|0\d\d)?[1-9]\d9\d{8}"),
    ("cpf", None, r"\d{11}"),
    ("cnpj", None, r"\d{8}000[1-9]\d\d"),
)
