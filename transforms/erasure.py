"""Erasure of a person from rows: pseudonyms for identifiers, null for the address and the texts."""

import re
from base64 import b64decode
from collections.abc import Collection, Mapping

import polars as pl
import polars.selectors as cs
from polars import col

from contracts.domain import ERASED, ZIP_PREFIX

IDENTIFIERS = ("customer_unique_id", "customer_id")
"""The columns that identify a person; every text that mentions a value of them is changed too."""

ADDRESS = ("customer_zip_code_prefix", "customer_city")
"""The columns that become null in the rows of an erased person."""

TEXTS = ("review_comment_title", "review_comment_message")
"""The columns that become null in the reviews of an erased person's orders."""

REMOVED = "[erased]"
"""What replaces a value that must stay malformed, so that its record stays in quarantine."""

REMOVED_RECORD = '["erased"]'
"""What replaces a corrupt record. As a line of a CSV file it is corrupt, also after a line with an
open quote. Otherwise that line and the ones after it could become one record."""

_DIGITS = 32
_ID = re.compile(rf"[0-9a-fA-F]{{{_DIGITS},}}")
_HAS_ID = f"[0-9a-fA-F]{{{_DIGITS}}}"
_BASE64 = "base64:"


def candidates(rows: pl.DataFrame) -> set[str]:
    """Return everything in the texts of rows that may be an identifier, in lower case."""
    found = set[str]()
    for name in _texts(rows):
        values = rows[name].unique()
        is_id = values.str.contains(rf"^{_HAS_ID}$")
        found.update(values.filter(is_id).str.to_lowercase())
        others = values.filter(~is_id & values.str.contains(rf"{_HAS_ID}|^{_BASE64}"))
        found.update(each for text in others for each in text_candidates(_readable(text)))
    return found


def text_candidates(text: str) -> set[str]:
    """Return everything in a text that may be an identifier, in lower case."""
    return {
        digits[start : start + _DIGITS]
        for digits in {*map(str.lower, _ID.findall(text))}
        for start in range(len(digits) - _DIGITS + 1)
    }


def beside(corrupt: pl.Series, known: Collection[str]) -> set[str]:
    """Return what else may be an identifier on the lines that mention one of some values.

    One corrupt record of a CSV file can be several lines, and so several people.

    Args:
        corrupt: corrupt records.
        known: the values, in lower case.
    """
    wanted = pl.Series([*known], dtype=pl.String).implode()
    lines = corrupt.map_elements(_readable, return_dtype=pl.String).str.split("\n").explode()
    mentioning = lines.filter(lines.str.contains_any(wanted, ascii_case_insensitive=True))
    return {each for line in mentioning for each in text_candidates(line)} - {*known}


def erase_text(text: str, pseudonyms: Mapping[str, str]) -> str:
    """Replace identifiers in a text by their pseudonyms, in whatever case they are written."""
    return str(pl.select(_replaced(pl.lit(text), pseudonyms)).item()) if pseudonyms else text


def erase(
    rows: pl.DataFrame, pseudonyms: Mapping[str, str], orders: Collection[str]
) -> pl.DataFrame:
    """Erase people from rows of any table, raw or typed. Erasing twice equals erasing once.

    - In all texts, identifiers become pseudonyms.
    - In rows that name an identifier, the address and `_rescued_data` become null. If a part of the
      address is missing or malformed, its zip code prefix becomes `REMOVED`: it stays malformed.
    - In reviews of `orders`, the texts and `_rescued_data` become null.
    - A corrupt record of a customer or a review that mentions an identifier or such an order is
      replaced as a whole, and so is every one that is not text.

    Args:
        rows: the rows; other columns than those above do not matter.
        pseudonyms: by identifier, in lower case.
        orders: the identifiers of the orders whose review texts are erased, in lower case.
    """
    texts = _texts(rows)
    of_person = _any_of(rows, IDENTIFIERS, pseudonyms)
    of_order = _any_of(rows, ("order_id",), orders)
    has_texts = any(name in texts for name in TEXTS)
    is_erased = of_person | of_order if has_texts else of_person
    changes = {name: _replaced(col(name), pseudonyms) for name in texts if pseudonyms}
    for condition, names in ((of_person, ADDRESS), (of_order, TEXTS), (is_erased, _UNDECLARED)):
        for name in {*names} & {*texts}:
            changes[name] = pl.when(~condition).then(changes.get(name, col(name)))
    if {*ADDRESS} <= {*texts}:
        changes[_ZIP] = (
            pl.when(of_person & ~_was_erased(texts) & ~_HAS_ADDRESS)
            .then(pl.lit(REMOVED))
            .otherwise(changes[_ZIP])
        )
    if _CORRUPT in texts:
        found = [*pseudonyms, *(orders if has_texts else ())]
        hidden = _mentioning(rows[_CORRUPT], found, only_base64=not _holds_personal_data(texts))
        replaced = changes.get(_CORRUPT, col(_CORRUPT))
        changes[_CORRUPT] = pl.when(hidden).then(pl.lit(REMOVED_RECORD)).otherwise(replaced)
    return rows.with_columns(**changes)


def changed_rows(rows: pl.DataFrame, erased: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that an erasure has changed, as they were."""
    if erased is rows:
        return rows.clear()
    same = [rows[name].eq_missing(erased[name]) for name in _texts(rows)]
    return rows.filter(~pl.all_horizontal(same)) if same else rows.clear()


_UNDECLARED = ("_rescued_data",)
_ZIP, _CITY = ADDRESS
_HAS_ADDRESS = (
    col(_ZIP).str.strip_chars().str.contains(ZIP_PREFIX) & (col(_CITY).str.strip_chars() != "")
).fill_null(value=False)
_CORRUPT = "_corrupt_record"


def _texts(rows: pl.DataFrame) -> list[str]:
    return rows.select(cs.string()).columns


def _was_erased(texts: Collection[str]) -> pl.Expr:
    names = {*IDENTIFIERS} & {*texts}
    found = (col(name).str.starts_with(ERASED) for name in sorted(names))
    return pl.any_horizontal(pl.lit(value=False), *found).fill_null(value=False)


def _any_of(rows: pl.DataFrame, names: Collection[str], values: Collection[str]) -> pl.Expr:
    """Return whether a row has one of the values in one of the columns."""
    found = pl.Series([*values], dtype=pl.String).implode()
    return pl.any_horizontal(
        pl.lit(value=False),
        *(
            col(name).str.strip_chars().str.to_lowercase().is_in(found).fill_null(value=False)
            for name in names
            if rows.schema.get(name) == pl.String
        ),
    )


def _replaced(text: pl.Expr, pseudonyms: Mapping[str, str]) -> pl.Expr:
    """Replace identifiers. One with a capital letter is malformed, and so is its replacement."""
    old, new = [*pseudonyms], [*pseudonyms.values()]
    exact = text.str.replace_many(old, new)
    upper = [each.upper() for each in new]
    return exact.str.replace_many(old, upper, ascii_case_insensitive=True)


def _holds_personal_data(texts: Collection[str]) -> bool:
    return bool({*ADDRESS, *TEXTS} & {*texts})


def _mentioning(records: pl.Series, found: Collection[str], *, only_base64: bool) -> pl.Series:
    """Return which corrupt records mention one of some values."""
    readable = records.map_elements(_readable, return_dtype=pl.String)
    wanted = pl.Series([*found], dtype=pl.String).implode()
    mentions = readable.str.contains_any(wanted, ascii_case_insensitive=True)
    return mentions & records.str.starts_with(_BASE64) if only_base64 else mentions


def _readable(text: str) -> str:
    """Return a text with what its base64 encodes, if it is a corrupt record in base64."""
    if not text.startswith(_BASE64):
        return text
    try:
        return text + b64decode(text.removeprefix(_BASE64)).decode("latin-1")
    except ValueError:
        return text
