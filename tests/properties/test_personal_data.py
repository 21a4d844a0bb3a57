"""Laws: no contact data of any Brazilian format reaches silver or gold."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from contracts.contract import Bronze
from contracts.technical_columns import PROVENANCE
from tests.support.contact_data import contact_data
from tests.support.entities import tables_of_other_entities
from tests.support.examples import examples
from tests.support.good_records import GOOD
from transforms.graph import sources, tables
from transforms.redaction import redact
from transforms.validation import validate_records

# Text around contact data, without digits and without words that label a number.
BEFORE = st.sampled_from(
    ["", "Não recebi nada. ", "Falem comigo: ", "sou a Ana,", "Urgente!\n", "por favor (", "É “"]
)
AFTER = st.sampled_from(
    ["", ".", ", obrigada", " e não volto mais!", "\r\nJoão", ")", "”", "; beijo"]
)
ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check_digits(number: str, weights: Sequence[int], *, right: bool) -> str:
    """Append two check digits to a number. The value of a letter is its code minus 48."""
    for more in (0, 1):
        used = weights[len(weights) - len(number) :]
        rest = sum((ord(c) - 48) * w for c, w in zip(number, used, strict=True)) % 11
        check = 0 if rest < 2 else 11 - rest
        number += str(check if right else (check + 1 + more) % 10)
    return number


def written(picture: str, characters: str) -> str:
    """Replace each # by one of the characters."""
    left = iter(characters)
    return re.sub("#", lambda _: next(left), picture)


def pictures(characters: st.SearchStrategy[str], *them: str) -> st.SearchStrategy[str]:
    return st.builds(written, st.sampled_from(them), characters)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


CPFS = st.builds(check_digits, digits(9), st.just(range(11, 1, -1)), right=st.booleans())
CNPJ_WEIGHTS = st.just([6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
CNPJS = st.builds(check_digits, digits(12), CNPJ_WEIGHTS, right=st.booleans())
CNPJS_WITH_LETTERS = st.builds(
    check_digits,
    st.text(ALNUM, min_size=12, max_size=12),
    CNPJ_WEIGHTS,
    right=st.booleans(),
)
AREAS = st.sampled_from(["11", "21", "28", "48", "71", "84", "99"])
MOBILES = st.builds(lambda area, local: f"{area}9{local}", AREAS, digits(8))
LANDLINES = st.builds(
    lambda area, first, local: area + first + local, AREAS, st.sampled_from("2345"), digits(7)
)
NAMES = st.from_regex(r"[a-zçã][a-z0-9_.+-]{0,9}[a-z0-9]", fullmatch=True)
HOSTS = st.from_regex(r"[a-z][a-z0-9-]{1,9}[a-z]\.(com|com\.br|net|org)", fullmatch=True)

HANDLES = st.from_regex(r"[a-z]{3,9}[0-9]{2}", fullmatch=True)
DIGIT_WORDS = ["zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"]


def in_words(number: str) -> str:
    return "tel " + " ".join(DIGIT_WORDS[int(digit)] for digit in number)


# Full-width characters, digits with an invisible character each, digits in boxes.
LOOK_ALIKES: list[dict[int, int | str]] = [
    {code: code + 0xFEE0 for code in (0x40, *range(0x30, 0x3A))},
    {48 + n: f"\u200b{n}" for n in range(10)},
    {48 + n: f"{n}\ufe0f\u20e3" for n in range(10)},
]

CONTACTS = st.one_of(
    pictures(CPFS, "###.###.###-##", "### ### ### ##", "###-###-###-##", "#########-##"),
    pictures(CPFS, "###########", "CPF ###########", "CPF: ######### / ##", "###.###.###/##"),
    pictures(CNPJS, "##.###.###/####-##", "########/####-##", "## ### ### / #### ##"),
    pictures(CNPJS, "CNPJ ##############", "cnpj: ##############", "CNPJ nº ########/####-##"),
    pictures(CNPJS_WITH_LETTERS, "##.###.###/####-##", "########/####-##"),
    pictures(CNPJS_WITH_LETTERS, "CNPJ ##############", "CNPJ: ##.###.###/####-##"),
    pictures(MOBILES, "(##) #####-####", "(##)#########", "## #####-####", "##-#####-####"),
    pictures(MOBILES, "## # ####-####", "##.#####.####", "## #########", "(##) # #### ####"),
    pictures(
        MOBILES, "###########", "(##)#.####-####", "## #####\u2013####", "##\u00a0#####\u2011####"
    ),
    pictures(
        MOBILES, "+55 ## #####-####", "+55###########", "55 ## #####-####", "+55 (##) #########"
    ),
    pictures(
        MOBILES, "0## #####-####", "(0##) #####-####", "0xx## #####-####", "(0XX##)#####-####"
    ),
    pictures(
        MOBILES, "0 15 ## #####-####", "021 ## #####-####", "041 (##) #####-####", "015###########"
    ),
    pictures(LANDLINES, "(##) ####-####", "(##)########", "## ####-####", "##-####-####"),
    pictures(LANDLINES, "+55 ## ####-####", "(0##) #### ####", "0xx## ####-####", "tel ##########"),
    pictures(LANDLINES, "tel.: ## ########", "fone: ##-########", "0 31 (##) ####-####"),
    pictures(digits(8), "#####-###", "##.###-###", "CEP ########", "CEP:########", "cep##.###-###"),
    pictures(digits(9), "RG ##.###.###-#", "rg: #########", "meu RG é ########-#", "##.###.###-#"),
    pictures(digits(15), "cartão 4### #### #### ####", "cartão 4###############"),
    pictures(digits(15), "Visa 4###-####-####-####"),
    pictures(digits(20), "chave pix: 0a1b2c3d-####-####-####-####ffff####"),
    pictures(digits(11), "+351 9## ### ###", "+44 ## #### ####", "+1 (2##) ###-####"),
    pictures(MOBILES, "Tel###########Oi", "zap## #####-####!", "tel: ## #####\n####"),
    MOBILES.map(in_words),
    st.builds(str.translate, pictures(MOBILES, "## #####-####"), st.sampled_from(LOOK_ALIKES)),
    st.builds("{}@{}".format, NAMES, HOSTS),
    st.builds("e-mail {}@{}".format, NAMES, HOSTS).map(lambda mail: mail.translate(LOOK_ALIKES[0])),
    st.builds("@{}.{}".format, HANDLES, HANDLES),
    st.builds("insta: {}.{}".format, HANDLES, HANDLES),
    st.builds("email {}.gmail.com".format, HANDLES),
    st.builds("{} @ {}".format, NAMES, HOSTS),
    st.builds("{}@{}".format, NAMES, st.sampled_from(["gmail", "hotmail,com", "yahoo .com.br"])),
    st.builds("{} arroba {}".format, NAMES, HOSTS),
)
SENTENCES = st.builds(
    lambda start, found, end: (start + found + end, found), BEFORE, CONTACTS, AFTER
)


def traces(contact: str, text: str) -> list[str]:
    """Return the parts of contact data that are still in a text."""
    found = [contact] if contact in text else []
    numbers = re.sub(r"\D", "", contact)
    if len(numbers) > 7 and numbers in re.sub(r"\D", "", text):
        found.append(numbers)
    return found + contact_data(text)


def redacted(text: str) -> str:
    frame = pl.LazyFrame({"text": [text]})
    return str(frame.select(redact(pl.col("text"))).collect().item())


@examples(300)
@given(SENTENCES)
def test_no_contact_data_survives_redaction(sentence: tuple[str, str]) -> None:
    text, contact = sentence
    once = redacted(text)
    assert not traces(contact, once)
    assert re.search(r"\[(email|handle|phone|cpf|cnpj|cep|rg|card|pix)\]", once)
    assert redacted(once) == once


@examples(100)
@given(SENTENCES, SENTENCES)
def test_no_contact_data_survives_next_to_another(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    text = redacted(f"{first[0]} | {second[0]}")
    assert not traces(first[1], text)
    assert not traces(second[1], text)


def raw(contract: type[Bronze], record: Mapping[str, str | None]) -> pl.LazyFrame:
    provenance = {
        "_event_time": datetime(2018, 1, 1, tzinfo=UTC),
        "_source": "file/x",
        "_position": 1,
    }
    return pl.LazyFrame([{**record, **provenance}], {**contract.fields(), **PROVENANCE})


def entity(contract: type[Bronze]) -> str:
    return contract.spec().table.removeprefix("bronze.")


@cache
def free_text_columns() -> dict[str, list[str]]:
    """Return, by entity, the raw columns of which silver accepts any text."""
    taken: dict[str, list[str]] = {entity(contract): [] for contract in sources()}
    for table in tables().values():
        if source := table.source:
            for column in source.fields():
                record = raw(source, {**GOOD.get(entity(source), {}), column: "Falem comigo"})
                if len(validate_records(record, table.function, table.contract).valid.collect()):
                    taken[entity(source)].append(column)
    return taken


def made(records: Mapping[str, Mapping[str, str | None]]) -> dict[str, pl.DataFrame]:
    """Compute every table of the graph from one raw record per entity, by default an empty one."""
    done: dict[str, pl.DataFrame] = {}
    for name, table in tables().items():
        if source := table.source:
            record = raw(source, records.get(entity(source), {}))
            done[name] = validate_records(record, table.function, table.contract).valid.collect()
        else:
            inputs = {
                parameter: done[read.spec().table].lazy()
                for parameter, read in table.inputs.items()
            }
            done[name] = table.function(**inputs).collect()
    return done


def test_free_text_is_accepted_in_these_columns_only() -> None:
    assert {name: columns for name, columns in free_text_columns().items() if columns} == {
        "customers": ["customer_city"],
        "geolocation": ["geolocation_city"],
        "order_reviews": ["review_comment_title", "review_comment_message"],
        "product_category_name_translation": [
            "product_category_name",
            "product_category_name_english",
        ],
        "products": ["product_category_name"],
        "sellers": ["seller_city"],
    }


@examples(20)
@given(SENTENCES)
def test_no_contact_data_reaches_any_text_of_silver_or_gold(sentence: tuple[str, str]) -> None:
    text, contact = sentence
    records = {
        name: {**GOOD[name], **dict.fromkeys(free_text_columns()[name], text)} for name in GOOD
    }
    for name, table in made(records).items():
        assert len(table) or name in tables_of_other_entities(GOOD), name
        texts = table.select(pl.col(pl.String)).unpivot()["value"].drop_nulls().unique().to_list()
        assert not [found for each in texts for found in traces(contact, each)], name


def test_no_column_of_gold_is_personal() -> None:
    tagged = {name for contract in sources() for name in contract.personal()}
    assert tagged == {"review_comment_title", "review_comment_message"}
    for name, table in tables().items():
        if name.startswith("gold."):
            assert not table.contract.personal(), name
            assert tagged.isdisjoint(table.contract.fields()), name
