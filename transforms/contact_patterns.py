"""Patterns of contact data in Brazilian Portuguese, and of the words that say what a number is.

The engine has no look-around, and takes time in proportion to the text.
"""


def either(*patterns: str) -> str:
    """Join patterns; their word boundaries become those of ASCII, which are much faster."""
    return "|".join(patterns).replace(r"\b", r"(?-u:\b)")


# What is found, as its placeholder names it.
KINDS = "email|handle|phone|cpf|cnpj|cep|rg|card|pix"

# What stands between the groups of a number. A line break may separate two numbers.
# Format characters do: a number that is copied from a messenger comes wrapped in them.
_LINE = r"\-\u2010-\u2015\u2212"
_BETWEEN = rf"[\p{{Zs}}\p{{Cf}}\t._{_LINE}]"
_SEP = rf"{_BETWEEN}{{1,3}}"
_OPT = rf"{_BETWEEN}{{0,3}}"
_DASH = rf"\p{{Zs}}?[.{_LINE}]\p{{Zs}}?"
_HYPHEN = rf"[{_LINE}]"

_MAILBOX = "gmail|hotmail|outlook|yahoo|icloud"
_NETWORK = "insta(?:gram)?|face(?:book)?|twitter|telegram|tik ?tok|linkedin|skype"

# The least that could be contact data.
SUSPECT = (
    rf"@|\d(?:{_OPT}\d){{4}}|/\w{{4}}-"
    rf"|(?i:cnpj|arroba|[(\[]at?[)\]]|pix|{_MAILBOX}|{_NETWORK}|t\.me/)"
)

# An area code, behind a carrier's (0 15 11, 015 11) or the place where it is to be put (0xx11).
_TRUNK = rf"(?:\b(?:0?[xX][xX]{_OPT}|0{_OPT}\(?\d\d\)?{_SEP}))?"
_AREA = rf"{_TRUNK}0?\d\d{_SEP}"
_GROUPS = rf"\d\d\d?{_SEP}\d\d\d{_SEP}\d\d\d\d?|\d\d\d?(?:{_SEP}\d\d){{3}}"
_LOCAL = rf"(?:(?:9{_SEP})?\d\d\d\d\d?{_OPT}\d\d\d\d|{_GROUPS})"

# Where a number begins and ends; a letter that stands right beside it is put back.
LETTER = r"(\p{L})"
_START, _END = rf"(?:{LETTER}|\b)", rf"(?:\b|{LETTER})"

_USER = r"[\w.%+'-]+[\"\p{Cf}]?"
_DOT = r"(?:[.,]|\p{Zs}[.,]\p{Zs}?|\p{Zs}(?:ponto|dot)\p{Zs}|\p{Zs}?[(\[](?:ponto|dot)[)\]]\p{Zs}?)"
_PROVIDER = rf"{_MAILBOX}|live|msn|bol|uol|ig|terra|globo|r7"
_HOST = rf"(?:(?:[\w-]+{_DOT})+(?:com|net|org|br)|{_PROVIDER})"
_REST = rf"\b(?:{_DOT}(?:com|br)\b)*"
_AT_IN_WORDS = r"(?:\p{Zs}?[(\[](?:at?|arroba)[)\]]\p{Zs}?|[\p{Zs}.-]arroba[\p{Zs}.-])"
_AT = rf"{_USER}\p{{Zs}}at\p{{Zs}}(?:{_MAILBOX}){_REST}"
# An address whose at sign is gone; of `www.gmail.com` nothing is a name.
_WITHOUT_AT = rf"(?:[\w.%+'-]*[^\W_wW][.#*]?|\b\w+[.\d_][\w.]*\p{{Zs}})(?:{_MAILBOX})[.,]com{_REST}"

_UUID = r"[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}"
_PIX_WORDS = r"(?:[ :(]{1,2}(?:chave|pix|aleat[oó]ria|[eé]|minha|meu|d[aeo]|conta))"
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
    rf"\B\+[1-9](?:[\p{{Zs}}\p{{Cf}}().{_LINE}]{{0,3}}\d){{7,14}}{_END}",
    rf"{_TRUNK}\({_OPT}(?:0|0?[xX][xX])?{_OPT}\d\d{_OPT}\){_OPT}{_LOCAL}{_END}",
    rf"\(\d{{3}}\){_OPT}\d{{3}}{_SEP}\d{{4}}{_END}",
    rf"\b(?:(?:00)?55{_SEP})?{_AREA}(?:\d{{5}}{_SEP}|9{_SEP}\d{{4}}{_OPT})\d\d\d\d{_END}",
)

# (kind, pattern): what gives itself away wherever it stands; a group is not a part of it.
# After `redact` no text matches any of them.
# Few, for Polars keeps 32 compiled patterns at hand, and redaction needs most of them.
ADDRESSES: tuple[tuple[str, str], ...] = (
    (
        "pix",
        (
            r"00020[!-~]*(?i:br\.gov\.bcb\.pix)[!-~]*(?:[ -~]{0,99}6304[0-9A-Fa-f]{4})?"
            rf"|(?i)((?:chave|pix){_PIX_WORDS}{{0,5}}[ :(=)-]{{1,3}}){_UUID}"
        ),
    ),
    (
        "email",
        either(
            rf"(?i)(?:{_USER}@+[\w-]+(?:\.+[\w-]+)+",
            rf"{_USER}\p{{Zs}}?@\p{{Zs}}?{_HOST}{_REST}",
            r"[\w.%+'-]{2,}@[\w-]{4,})",
        ),
    ),
    ("email", either(rf"(?i)(?:{_USER}{_AT_IN_WORDS}{_HOST}{_REST}|{_AT}|{_WITHOUT_AT})")),
    (
        "handle",
        (
            r"\B@[^\W\d]\w\w+(?:\.\w+)*"
            rf"|(?i)((?:{_NETWORK})\.com(?:\.br)?/|\bt\.me/)[\w.?=-]+"
            rf"|(\b(?:{_NETWORK})[ :(=-]{{1,3}}(?:[eé] )?)[a-z]\w*[._\d]\w[\w.]*"
        ),
    ),
)
NUMBERS: tuple[tuple[str, str], ...] = (
    ("cnpj", either(*_CNPJ)),
    ("cpf", either(*_CPF)),
    ("phone", either(*_PHONE)),
)

# What is left, cut into numbers (one piece each, though written in groups), words and the rest.
TOKEN = either(
    rf"\[(?:{KINDS})\]",
    r"(?i:r\.g|c\.p\.f|c\.e\.p|c\.n\.p\.j)\.?",
    rf"\d{{4}}(?:{_SEP}\d{{4}}){{3,}}\b",
    rf"\d{{4}}{_SEP}\d{{6}}{_SEP}\d{{4,5}}\b",
    rf"{_AREA}\d\d\.\d{{3}}\.\d{{3}}{_HYPHEN}\d\b",
    rf"{_AREA}9\d\d{_SEP}\d\d\d{_SEP}\d\d\d\b",
    rf"[1-9]\d9{_SEP}\d{{4}}{_SEP}\d{{4}}\b",
    r"\d\d[*/,]\d{4,5}[*/,-]\d{4}\b",
    rf"{_AREA}(?:\d{{8,9}}|\d{{4,5}}{_SEP}\d\d\d\d)\b",
    rf"00[1-9]\d?\d?(?:{_SEP}\d{{2,5}}){{2,5}}\b",
    r"[^\W\d_]+\.?",
    rf"9{_SEP}\d\d\d\d{_OPT}\d\d\d\d\b",
    rf"\d{{4,7}}{_DASH}\d\d\d\d\b",
    r"\d{4,5}\p{Zs}\d\d\d\d(?:-\d\d\d\d)?\b",
    rf"\d\d?{_SEP}\d{{3}}{_SEP}\d{{3}}(?:{_SEP}[\dxX])?\b",
    rf"\d\d\.?\d\d\d{_SEP}\d\d\d\b",
    rf"\d{{5}}{_HYPHEN}\d\d?\b",
    rf"\d{{6,9}}{_HYPHEN}[\dxX]\b",
    rf"\d{{9}}(?:{_SEP}|/)\d\d\b",
    rf"\d\d\d?(?:{_SEP}\d\d\d?){{2,4}}\b",
    rf"\d\d?(?:{_SEP}\d){{7,12}}\b",
    r"\w+",
    r"(?s:.)",
)

# What a word makes of the number after it. A "thing" is not a person's number: it stays. Filler
# is looked through.
_LABELS = {
    "cnpj": r"(?:cnpjs?|c\.n\.p\.j)\.?",
    "cpf": r"(?:cpfs?|c\.p\.f)\.?",
    "cep": r"(?:c[eé]ps?|postal|c\.e\.p)\.?",
    "rg": r"(?:rgs?|identidade|r\.g)\.?",
    "card": r"(?:cart(?:[aã]o|[oõ]es)|visa|master(?:card)?|amex|hipercard)\.?",
    "pix": r"pix\.?",
    "phone": r"(?:tel(?:s|ef\w*)?|fones?|cel(?:s|ular\w*)?|wh?ats\w*|wpp|zap\w*|fixo|ramal"
    r"|contat\w*|lig(?:a|o|ue)\w*|cham(?:a|e|em|ar))\.?",
    "thing": r"pedidos?|ordem|notas?|fiscal|danfe|protocolos?|rastre\w*|chamados?|processos?"
    r"|c[oó]digos?|boletos?|objetos?|s[eé]rie|refer[eê]ncias?|modelos?|lotes?|chassi|serial|imei|sku|ean"
    r"|(?:nfe?|c[oó]d|ref|prot)\.?|\$",
    "filler": r"[^\w\r\n.,!?]|_|n[ºo]?\.?|n[uú]m(?:eros?)?\.?|d?[aeo]s?|é|foi|com|sob|cujo|meu"
    r"|minha|chave|cr[eé]dito|d[eé]bito|mg|sp|rj|rs|pr|sc|ba|ssp",
}
WORD = "^(?i:" + "|".join(rf"(?<{name}>{word})" for name, word in _LABELS.items()) + ")$"

# How many tokens (words, and the spaces between them) a label reaches over.
REACH = 16

# How many digits a number has that stands under a label.
LENGTHS = {
    "cnpj": (14, 14),
    "cpf": (9, 11),
    "cep": (5, 8),
    "phone": (8, 13),
    "rg": (5, 10),
    "card": (13, 19),
    "pix": (8, 14),
}
# Labels of the very next number only.
NEAR = ("rg", "card", "pix")
NUMBER = r"^\d[\d\W]*[\dxX]$"

# Numbers that need no label, unless they follow a thing. The first that fits counts.
_BARE = {
    # Two groups that look like years: of an order, a size, a model. Only a word right beside them
    # makes them a phone.
    "years": r"(?:\d\d\p{Zs})?(?:19|20)\d\d\p{Zs}\d\d\d\d",
    "cep": rf"\d\d\.?\d\d\d\p{{Zs}}?{_HYPHEN}\p{{Zs}}?\d\d\d",
    "phone": either(
        rf"{_AREA}\d{{4,5}}{_SEP}\d\d\d\d|\d\d\p{{Zs}}\d{{8,9}}",
        rf"{_AREA}\d\d\.\d{{3}}\.\d{{3}}{_HYPHEN}\d",
        rf"\d{{5,7}}{_HYPHEN}\d\d\d\d|9[\p{{Zs}}.]?\d\d\d\d{_DASH}\d\d\d\d",
        r"9\d\d\d\d\p{Zs}\d\d\d\d|(?:55|0|0\d\d)?[1-9]\d9\d{8}",
        rf"[1-9](?:{_SEP})?\d{_SEP}9(?:{_SEP}\d){{8}}",
        rf"{_AREA}9\d\d{_SEP}\d\d\d{_SEP}\d\d\d|[1-9]\d9{_SEP}\d{{4}}{_SEP}\d{{4}}",
        r"\d\d[*/,]\d{5}[*/,-]\d{4}",
        rf"00[1-9]\d?\d?(?:{_SEP}\d{{2,5}}){{2,5}}",
    ),
    "cpf": r"\d{11}",
    "cnpj": r"\d{8}000[1-9]\d\d",
    "rg": rf"\d\d?\.\d{{3}}\.\d{{3}}{_DASH}[\dxX]",
}
SHAPES = tuple(_BARE)
BARE = "^(?:" + "|".join(rf"(?<{kind}>{shape})" for kind, shape in _BARE.items()) + ")$"

# A card by its first digits and its length; its last digit is left to check.
CARD = rf"^(?:4\d|5[0-8]|2[2-7]|6\d|3[04678])\d(?:{_OPT}\d){{10,16}}$"
