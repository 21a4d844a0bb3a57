"""Patterns of contact data in Brazilian Portuguese, and of words that label a number.

The regex engine of Polars has no look-around and runs in linear time.
"""


def either(*patterns: str) -> str:
    """Join patterns into one. Word boundaries become those of ASCII, which are much faster."""
    return "|".join(patterns).replace(r"\b", r"(?-u:\b)")


# The kinds of contact data, as in the placeholders.
KINDS = "email|handle|phone|cpf|cnpj|cep|rg|card|pix"

# Characters between the groups of a number. A line break is not one: it may separate two numbers.
# Format characters are, because numbers copied from messengers contain them.
_LINE = r"\-\u2010-\u2015\u2212"
_BETWEEN = rf"[\p{{Zs}}\p{{Cf}}\t._{_LINE}]"
_SEP = rf"{_BETWEEN}{{1,3}}"
_OPT = rf"{_BETWEEN}{{0,3}}"
_DASH = rf"\p{{Zs}}?[.{_LINE}]\p{{Zs}}?"
_HYPHEN = rf"[{_LINE}]"

_MAILBOX = "gmail|hotmail|outlook|yahoo|icloud"
_NETWORK = "insta(?:gram)?|face(?:book)?|twitter|telegram|tik ?tok|linkedin|skype"

# Matches every text that may hold contact data, and few others.
SUSPECT = (
    rf"@|\d(?:{_OPT}\d){{4}}|/\w{{4}}-"
    rf"|(?i:cnpj|arroba|[(\[]at?[)\]]|pix|{_MAILBOX}|{_NETWORK}|t\.me/)"
)

# An area code, optionally after a carrier code (0 15 11, 015 11) or its placeholder (0xx11).
_TRUNK = rf"(?:\b(?:0?[xX][xX]{_OPT}|0{_OPT}\(?\d\d\)?{_SEP}))?"
_AREA = rf"{_TRUNK}0?\d\d{_SEP}"
_GROUPS = rf"\d\d\d?{_SEP}\d\d\d{_SEP}\d\d\d\d?|\d\d\d?(?:{_SEP}\d\d){{3}}"
_LOCAL = rf"(?:(?:9{_SEP})?\d\d\d\d\d?{_OPT}\d\d\d\d|{_GROUPS})"

# The start and end of a number. A letter next to the number is captured, to be kept.
LETTER = r"(\p{L})"
_START, _END = rf"(?:{LETTER}|\b)", rf"(?:\b|{LETTER})"

_USER = r"[\w.%+'-]+[\"\p{Cf}]?"
_DOT = r"(?:[.,]|\p{Zs}[.,]\p{Zs}?|\p{Zs}(?:ponto|dot)\p{Zs}|\p{Zs}?[(\[](?:ponto|dot)[)\]]\p{Zs}?)"
_PROVIDER = rf"{_MAILBOX}|live|msn|bol|uol|ig|terra|globo|r7"
_HOST = rf"(?:(?:[\w-]+{_DOT})+(?:com|net|org|br)|{_PROVIDER})"
_REST = rf"\b(?:{_DOT}(?:com|br)\b)*"
_AT_IN_WORDS = r"(?:\p{Zs}?[(\[](?:at?|arroba)[)\]]\p{Zs}?|[\p{Zs}.-]arroba[\p{Zs}.-])"
_AT = rf"{_USER}\p{{Zs}}at\p{{Zs}}(?:{_MAILBOX}){_REST}"
# An address without its at sign. `www.gmail.com` is not one.
_WITHOUT_AT = rf"(?:[\w.%+'-]*[^\W_wW][.#*]?|\b\w+[.\d_][\w.]*\p{{Zs}})(?:{_MAILBOX})[.,]com{_REST}"

_UUID = r"[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}"
_PIX_WORDS = r"(?:[ :(]{1,2}(?:chave|pix|aleat[oó]ria|[eé]|minha|meu|d[aeo]|conta))"
_CNPJ = (
    rf"{_START}\d\d{_OPT}\d\d\d{_OPT}\d\d\d{_OPT}/{_OPT}\d\d\d\d{_OPT}\d\d{_END}",
    rf"\b\d\d{_SEP}\d\d\d{_SEP}\d\d\d{_SEP}\d\d\d\d{_SEP}\d\d\b",
    # Since 2026 a CNPJ may contain letters, except in its last two digits.
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

# (kind, pattern): contact data that is recognized without context. Captured groups are kept.
# After `redact` no text matches any of them. The patterns are few because Polars caches only 32
# compiled patterns, and redaction needs most of them.
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

# The tokens of the remaining text: numbers (with all their groups), words and other characters.
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

# Words that label the number after them. A number of a "thing" is not personal and is kept.
# "Filler" words may come between the label and the number.
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

# The number of tokens (words and the spaces between them) that a label applies to.
REACH = 16

# The least and greatest number of digits of a labelled number.
LENGTHS = {
    "cnpj": (14, 14),
    "cpf": (9, 11),
    "cep": (5, 8),
    "phone": (8, 13),
    "rg": (5, 10),
    "card": (13, 19),
    "pix": (8, 14),
}
# Labels that apply only to the next number.
NEAR = ("rg", "card", "pix")
NUMBER = r"^\d[\d\W]*[\dxX]$"

# Numbers that need no label, unless the label is a "thing". The first match counts.
_BARE = {
    # Two groups that look like years, sizes or models. They are a phone only next to a label.
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

# A card number by its first digits and its length. The check digit is verified later.
CARD = rf"^(?:4\d|5[0-8]|2[2-7]|6\d|3[04678])\d(?:{_OPT}\d){{10,16}}$"
