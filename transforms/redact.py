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
    for kind, shape in SHAPES:
        text = text.str.replace_all(shape, f"[{kind}]")
    tokens = text.str.extract_all(_TOKEN).list.eval(_read(pl.element()))
    labelled = tokens.list.eval(_label(pl.element()))
    return labelled.list.eval(_judge(pl.element())).list.join("")


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


def _digits(fewest: int, most: int) -> str:
    return rf"\d(?:\W*\d){{{fewest - 1},{most - 1}}}"


# What stands between the groups of a number. No line break: it ends a house or apartment number.
_SEP = r"[\p{Zs}\t.\-\u2010-\u2013]{1,3}"
_OPT = r"[\p{Zs}\t.\-\u2010-\u2013]{0,3}"
_DASH = r"\p{Zs}?[.\-\u2010-\u2013]\p{Zs}?"
_HYPHEN = r"[\-\u2010-\u2013]"

# The least that could be contact data.
_SUSPECT = rf"@|\d(?:{_OPT}\d){{4}}"

_AREA = rf"0?\d\d{_SEP}"
_LOCAL = rf"(?:(?:9{_SEP})?\d\d\d\d\d?{_OPT}\d\d\d\d|\d\d\d{_SEP}\d\d\d{_SEP}\d\d\d\d?)"
_HOST = r"(?:(?:[\w-]+\.)+(?:com|net|org|br)|gmail|hotmail|outlook|yahoo|icloud|live|bol|uol|terra)"

# (kind, pattern): what gives itself away wherever it stands. After `redact` no text matches any.
SHAPES: tuple[tuple[str, str], ...] = (
    ("email", r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("email", rf"(?i)[\w.%+-]+\p{{Zs}}?@\p{{Zs}}?{_HOST}\b(?:\p{{Zs}}?[.,]\p{{Zs}}?(?:com|br)\b)*"),
    ("cnpj", rf"\b\d\d{_OPT}\d\d\d{_OPT}\d\d\d{_OPT}/{_OPT}\d\d\d\d{_OPT}\d\d\b"),
    ("cnpj", rf"\b\d\d{_SEP}\d\d\d{_SEP}\d\d\d{_SEP}\d\d\d\d{_SEP}\d\d\b"),
    ("cpf", rf"\b\d\d\d{_SEP}\d\d\d{_SEP}\d\d\d{_OPT}\d\d\b"),
    ("cpf", rf"\b\d{{9}}{_HYPHEN}\d\d\b"),
    ("phone", rf"\+{_OPT}55{_OPT}\(?0?\d\d\)?{_OPT}{_LOCAL}\b"),
    ("phone", rf"\({_OPT}0?\d\d{_OPT}\){_OPT}{_LOCAL}\b"),
    ("phone", rf"\b(?:55{_SEP})?{_AREA}(?:\d\d\d\d\d|9{_SEP}\d\d\d\d){_SEP}\d\d\d\d\b"),
)

# What is left, cut into numbers (one piece each, though written in groups), words and the rest.
_TOKEN = "|".join(
    (
        r"\[(?:email|phone|cpf|cnpj|cep)\]",
        r"[^\W\d_]+\.?",
        rf"{_AREA}(?:\d{{8,9}}|\d\d\d\d{_SEP}\d\d\d\d)\b",
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
)

# (label, words): what the number after such a word is. A "thing" is nobody's number: it stays.
_LABELS: tuple[tuple[str, str], ...] = (
    ("cnpj", r"cnpjs?\.?"),
    ("cpf", r"cpfs?\.?"),
    ("cep", r"(?:ceps?|postal)\.?"),
    ("phone", r"(?:tel(?:s|ef\w*)?|fones?|cel(?:s|ular\w*)?|wh?ats\w*|wpp|zap\w*|fixo|ramal)\.?"),
    ("phone", r"(?:contat\w*|lig(?:a|o|ue)\w*|cham(?:a|e|em|ar))\.?"),
    ("thing", r"pedidos?|ordem|notas?|fiscal|danfe|protocolos?|rastre\w*|chamados?|processos?"),
    ("thing", r"c[oó]digos?|boletos?|objetos?|s[eé]rie|(?:nfe?|c[oó]d|ref|prot)\.?|\$"),
)
_FILLER = r"[^\w\r\n.,!?]|n[ºo]?\.?|n[uú]m(?:eros?)?\.?|d?[aeo]s?|é|foi|com|sob|cujo|meu|minha"

# How many tokens (words, and the spaces between them) a label reaches over.
_REACH = 16

# (kind, label, shape) in order of precedence. Without a label: unless it follows a thing.
_RULES: tuple[tuple[str, str | None, str], ...] = (
    ("cep", None, rf"\d\d\.?\d\d\d{_HYPHEN}\d\d\d"),
    ("cnpj", "cnpj", _digits(14, 14)),
    ("cpf", "cpf", _digits(9, 11)),
    ("cep", "cep", _digits(5, 8)),
    ("phone", "phone", _digits(8, 13)),
    ("phone", None, rf"{_AREA}\d\d\d\d{_SEP}\d\d\d\d|\d\d\p{{Zs}}\d{{8,9}}"),
    ("phone", None, rf"\d{{5,7}}{_HYPHEN}\d\d\d\d|9[\p{{Zs}}.]?\d\d\d\d{_DASH}\d\d\d\d"),
    ("phone", None, r"9\d\d\d\d\p{Zs}\d\d\d\d|(?:55)?[1-9]\d9\d{8}"),
    ("cpf", None, r"\d{11}"),
)
