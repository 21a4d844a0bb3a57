"""Contact data is redacted, and all other text is unchanged."""

from pathlib import Path
from time import process_time
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms.contact_patterns import ADDRESSES, NUMBERS
from transforms.redaction import redact


def redacted(*texts: str | None) -> list[str | None]:
    frame = pl.LazyFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(redact(pl.col("text"))).collect()["text"].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("meu e-mail é joão.silva+loja@exemplo.com.br.", "meu e-mail é [email]."),
        ("ÉRICA_99@EXEMPLO.COM, obrigada", "[email], obrigada"),
        ("rui@exemplo.pt ou ana@loja.exemplo.io", "[email] ou [email]"),
        ("escrevam para ana @ exemplo.com já", "escrevam para [email] já"),
        ("ana@gmail ou rui@hotmail,com", "[email] ou [email]"),
        ("ana@exemplo,com ou rui @ exemplo . com", "[email] ou [email]"),
        ("ana arroba exemplo ponto com", "[email]"),
        ("ana(at)exemplo.com.br", "[email]"),
        ("ana(a)gmail.com", "[email]"),
        ("ana.silva [a] exemplo.com.br", "[email]"),
        (
            "Prezado(a) cliente, o(a) vendedor(a) ligou",
            "Prezado(a) cliente, o(a) vendedor(a) ligou",
        ),
        ("e-mail ana@empresa", "e-mail [email]"),
        ("ana\N{ZERO WIDTH SPACE}@exemplo.com", "[email]"),
        ("CPF 861.877.916-85", "CPF [cpf]"),
        ("CPF: 86187791685", "CPF: [cpf]"),
        ("meu cpf é 861 877 916-85", "meu cpf é [cpf]"),
        ("Rui, 12345678901", "Rui, [cpf]"),
        ("inscrita no CNPJ sob o nº 12.345.678/0001-90", "inscrita no CNPJ sob o nº [cnpj]"),
        ("CPF/CNPJ: 12345678000190", "CPF/CNPJ: [cnpj]"),
        ("loja 12345678000190", "loja [cnpj]"),
        ("12.ABC.345/01DE-35", "[cnpj]"),
        ("empresa ab.cde.fgh/0001-09", "empresa [cnpj]"),
        ("CNPJ nº 12ABC34501DE35", "[cnpj]"),
        ("861.877.916/85", "[cpf]"),
        ("861,877,916-85", "[cpf]"),
        ("CEL (28) 683395753", "CEL [phone]"),
        ("me liguem (11) 98765-4321", "me liguem [phone]"),
        ("+55 11 98765 4321", "[phone]"),
        ("71-99135-5551", "[phone]"),
        ("11 987654321", "[phone]"),
        ("_11 98765-4321_", "_[phone]_"),
        ("tel_11_98765_4321", "tel_[phone]"),
        ("whatsapp_11987654321", "whatsapp_[phone]"),
        ("cpf_861.877.916-85", "cpf_[cpf]"),
        ("cpf_86187791685", "cpf_[cpf]"),
        ("Ana 98765-4321", "Ana [phone]"),
        ("11 9.8765\N{EN DASH}4321", "[phone]"),
        ("11 98765\N{EM DASH}4321", "[phone]"),
        ("+55 11\N{NO-BREAK SPACE}98765\N{NON-BREAKING HYPHEN}4321", "[phone]"),
        ("+55\N{LEFT-TO-RIGHT MARK}11 98765-4321", "[phone]"),
        ("0xx11 98765-4321 ou (0XX11) 3456-7890", "[phone] ou [phone]"),
        ("0 15 11 98765-4321", "[phone]"),
        ("021 (11) 98765-4321", "[phone]"),
        ("02111987654321 ou 011987654321", "[phone] ou [phone]"),
        ("0055 11 98765-4321", "[phone]"),
        ("(11) 98 765 4321", "[phone]"),
        ("11 9 87654321", "[phone]"),
        ("11987654321/11987654322", "[phone]/[phone]"),
        ("1198765-4321", "[phone]"),
        ("telefone fixo: 3456-7890", "telefone fixo: [phone]"),
        ("3456-7890 (whats)", "[phone] (whats)"),
        ("tel.: 34567890", "tel.: [phone]"),
        ("tel 3456 7890", "tel [phone]"),
        ("contato: rua 7, 1600 3456-7890", "contato: rua 7, [phone]"),
        ("me chama no zap 9 8765-4321", "me chama no zap [phone]"),
        ("contato 1134567890", "contato [phone]"),
        ("celular do meu marido é 998765432", "celular do meu marido é [phone]"),
        ("fone 99 87 65 43 21", "fone [phone]"),
        ("tel 3456-7890 / 34567891 ou 987654321", "tel [phone] / [phone] ou [phone]"),
        ("CEP:43825100", "CEP:[cep]"),
        ("CNPJ12.345.678/0001-90", "CNPJ[cnpj]"),
        ("12.345.678/0001-90Loja", "[cnpj]Loja"),
        ("861.877.916-85Maria", "[cpf]Maria"),
        ("(11)98765-4321Maria", "[phone]Maria"),
        ("+55 11 98765-4321ligue", "[phone]ligue"),
        ("CPF:861.877.916-85CEP:43825100", "CPF:[cpf]CEP:[cep]"),
        ("cep12345678 - centro", "cep[cep] - centro"),
        ("ap201/CEP12.345-678", "ap201/CEP[cep]"),
        ("Porto Alegre 12345-678", "Porto Alegre [cep]"),
        ("Porto Alegre 12345 - 678", "Porto Alegre [cep]"),
        ("cép 12345678", "cép [cep]"),
        ("cep 12345 678", "cep [cep]"),
        ("texto cortado no CEP-12345-6", "texto cortado no CEP-[cep]"),
    ],
)
def test_contact_data_is_replaced(text: str, expected: str) -> None:
    assert redacted(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Words directly after a number.
        ("Tel11987654321obrigada", "Tel[phone]obrigada"),
        ("tel11987654321ok", "tel[phone]ok"),
        ("fone (11) 9 8765 4321ligar", "fone [phone]ligar"),
        ("cpf86187791685obrigado", "cpf[cpf]obrigado"),
        # Digits in words.
        ("(11) nove 8765-4321", "[phone]"),
        ("ligue onze nove oito sete seis cinco quatro três dois um", "ligue [phone]"),
        ("tel: vinte e um nove oito sete meia cinco quatro três dois um", "tel: [phone]"),
        ("CPF oito meia um oito sete sete nove um meia oito cinco", "CPF [cpf]"),
        ("comprei um vaso, (11) nove 8765-4321", "comprei um vaso, [phone]"),
        # Invisible characters.
        ("1\N{ZERO WIDTH SPACE}1 98765\N{ZERO WIDTH SPACE}-4321", "[phone]"),
        ("a\N{WORD JOINER}na@gm\N{SOFT HYPHEN}ail.com", "[email]"),
        # A character after the number.
        ("11 98765-4321\N{SUPERSCRIPT TWO}", "[phone]\N{SUPERSCRIPT TWO}"),
        ("11 98765-4321\N{ZERO WIDTH SPACE}5 vezes", "[phone]\N{ZERO WIDTH SPACE}5 vezes"),
        # A line break inside a labelled number.
        ("tel: 11 98765\n4321", "tel: [phone]"),
        ("cel:\r\n11 98765-\r\n4321 ok", "cel:\r\n[phone] ok"),
        ("cpf: 861.877.\n916-85", "cpf: [cpf]"),
        # Numbers of other countries.
        ("+351 912 345 678", "[phone]"),
        ("+1 305 555 1234", "[phone]"),
        ("+44 20 7946 0958", "[phone]"),
        ("00351 912 345 678", "[phone]"),
        ("(305) 555-1234", "[phone]"),
        # Other groups.
        ("11 98.765.432-1 esse é meu zap", "[phone] esse é meu zap"),
        ("119 8765 4321", "[phone]"),
        ("tel 11*98765*4321", "tel [phone]"),
        ("11 987 654 321", "[phone]"),
        ("1 1 9 8 7 6 5 4 3 2 1", "[phone]"),
        # Addresses without an at sign.
        ("email ana.gmail.com sem arroba", "email [email] sem arroba"),
        ("anasilvagmail.com", "[email]"),
        ("ana_silva hotmail.com", "[email]"),
        ("ana at gmail dot com", "[email]"),
        ("ana [arroba] exemplo [ponto] com", "[email]"),
        # Names in social networks.
        ("meu instagram @maria.silva.oficial", "meu instagram [handle]"),
        ("tod@s com a @fulana", "tod@s com a [handle]"),
        ("insta: maria_silva", "insta: [handle]"),
        ("instagram.com/maria.silva", "instagram.com/[handle]"),
        ("t.me/anasilva", "t.me/[handle]"),
        ("RG 12.345.678-9", "RG [rg]"),
        ("meu rg é 12345678x", "meu rg é [rg]"),
        ("R.G. MG-12.345.678", "R.G. MG-[rg]"),
        ("identidade 1.234.567", "identidade [rg]"),
        ("12.345.678-X", "[rg]"),
        ("cartão 4111 1111 1111 1111 cobrado", "cartão [card] cobrado"),
        ("5500-0000-0000-0004", "[card]"),
        ("378282246310005", "[card]"),
        ("cartão de crédito 1234 5678 9012 3456", "cartão de crédito [card]"),
        ("chave pix: 123e4567-e89b-12d3-a456-426614174000", "chave pix: [pix]"),
        ("pix 34567890", "pix [pix]"),
        ("00020126580014br.gov.bcb.pix0136123e4567-e89b6009SAO PAULO63041D3D", "[pix]"),
    ],
)
def test_obfuscated_contact_data_is_replaced(text: str, expected: str) -> None:
    assert redacted(text) == [expected]


# Look-alikes of plain characters.
OBFUSCATIONS: dict[str, dict[int, int | str]] = {
    "full width": {n: n + 0xFEE0 for n in range(0x21, 0x7F)},
    "bold": {48 + n: 0x1D7CE + n for n in range(10)},
    "Arabic": {48 + n: 0x0660 + n for n in range(10)},
    "circled": {49 + n: 0x2460 + n for n in range(9)},
    "keycaps": {48 + n: f"{n}\ufe0f\u20e3" for n in range(10)},
    "underlined": {48 + n: f"{n}\u0332" for n in range(10)},
    "zero width": {n: f"{chr(n)}\u200b" for n in range(0x21, 0x7F)},
    "soft hyphens": {n: f"{chr(n)}\u00ad" for n in range(0x21, 0x7F)},
}


@pytest.mark.parametrize("obfuscation", OBFUSCATIONS)
@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("11 98765-4321", "[phone]"),
        ("+55 11 98765-4321", "[phone]"),
        ("861.877.916-85", "[cpf]"),
        ("12.345.678/1111-91", "[cnpj]"),
        ("12345-678", "[cep]"),
        ("12.345.678-9", "[rg]"),
        ("4111 1111 1111 1111", "[card]"),
        ("ana9@exemplo.com", "[email]"),
        ("@maria9silva", "[handle]"),
    ],
)
def test_look_alike_characters_are_redacted(contact: str, expected: str, obfuscation: str) -> None:
    text = contact.translate(OBFUSCATIONS[obfuscation]).rstrip("\u200b\u00ad")
    assert redacted(f"Olá, {text} é meu") == [f"Olá, {expected} é meu"]


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "a@", "a.", "+1", "um ", "tel 1\n", "\u200b", "@a.", "1a"]
)
def test_time_is_linear_in_the_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        start = process_time()
        redacted(text)
        return process_time() - start

    seconds(1_000)
    assert seconds(200_000) < 12 * max(seconds(50_000), 0.05)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("contato. CEP 12345-678", "contato. CEP [cep]"),
        ("CEP, telefone 34567890", "CEP, telefone [phone]"),
        ("pedido 94-711713788 contato 34567890", "pedido 94-711713788 contato [phone]"),
        ("nota 12345678, tel 34567890", "nota 12345678, tel [phone]"),
        ("pedido 12345-678 98765-4321", "pedido 12345-678 [phone]"),
        ("Cancelem o pedido. 98765-4321", "Cancelem o pedido. [phone]"),
        ("Aguardo meu pedido\n98765-4321", "Aguardo meu pedido\n[phone]"),
        ("pedido 71-99135-5551", "pedido [phone]"),
        ("nota em nome de Ana 98765-4321", "nota em nome de Ana [phone]"),
    ],
)
def test_the_nearest_label_applies_to_its_own_number_only(text: str, expected: str) -> None:
    assert redacted(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Pedido 94-711713788",
        "pedido nº 02-123456789 e 03-123456780",
        "meu pedido número 02_123456789",
        "foto_20180102_123456.jpg",
        "PEDIDO: 99- 987654321",
        "pedido 98765-4321",
        "o código do pedido é 12345678901",
        "número do pedido: 47-1234 56789",
        "nota fiscal 000123456, série 12345-678",
        "NF-e 123456789",
        "Cód. 12345-678",
        "ref.: 12345-678",
        "ordem de serviço 12345678",
        "protocolo 1234567890123",
        "entrei em contato, protocolo 12345678901",
        "liguei e o pedido 12345678 sumiu",
        "Liguei muitas vezes e ninguém da loja soube dizer nada sobre a peça 12345678",
        "liguei por causa do modelo 12345x678",
        "PX123456789BR",
        "liguei por causa de PO123456789BR",
        "R$ 1.234,56 ou R$1.234.567,89",
        "R$ 10000-500",
        "de 129,90 por 99.90",
        "10/08/2018, 2018-08-10 e 10.08.18",
        "liguei no dia 12-07-2018, às 10:30:45",
        "contato em 10 08 2018",
        "entre 100-200 e 1000-2000 unidades",
        "anos 2017-2018",
        "10x20x30 cm, 220v, 36-38-40-42",
        "d41d8cd98f00b204e9800998ecf8427e",
        "EAN 7891234567890",
        "tod@s, um boi a 150 reais a @",
        "mandei uma arroba de carne, com prazo",
        "11-987654321",
        "NF 12345678, 220-240V, iPhone 7 128GB 2018",
        "2017-11-24 10:00:00",
        "processo 0001234-56.2018.8.26.0100",
        "20171124100000",
        "modelo AB12CD3456EF78",
        "qual o CNPJ da loja?",
        "nota dez, 5 estrelas",
        "celular moto g5 32 2017 4000",
        "SKU12345678901",
        "iPhone 8 Plus 256GB 2017",
        "comprei dois, recebi um de três",
        "sessenta e nove reais e noventa centavos",
        "são 3 pares de meia, dois pretos e um branco, 2018",
        "acessei www.gmail.com e www.loja.com.br",
        "segui a loja no instagram e no facebook",
        "cartão final 1234, 4111 1111 1111 1112",
        "danfe 3518 0512 3456 7800 0195 5500 1000 0123 4510 0012 3451",
        "paguei no pix o pedido 123e4567-e89b-12d3-a456-426614174000",
        "½ kg, 10² m, nº 5, 3ª vez",
        "amei ❤️ 👨‍👩‍👧 nota 1️⃣0️⃣",
        "10+20000000",
        "10\n11\n12345\n6789",
        "",
    ],
)
def test_numbers_of_things_are_kept(text: str) -> None:
    assert redacted(text) == [text]


def test_null_stays_null_and_each_of_several_columns_keeps_its_name() -> None:
    reviews = pl.LazyFrame({"title": ["tel 34567890", "ruim"], "message": [None, "cep 12345678"]})
    assert_frame_equal(
        reviews.with_columns(redact(pl.col("title", "message"))),
        pl.LazyFrame({"title": ["tel [phone]", "ruim"], "message": [None, "cep [cep]"]}),
    )


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_texts_keep_their_order(
    engine: Literal["in-memory", "streaming"],
) -> None:
    texts = pl.DataFrame({"text": ["bom", None, "tel 34567890", ""] * 50_000})
    before = texts.clone()
    after = texts.lazy().select(redact(pl.col("text"))).collect(engine=engine)
    assert_frame_equal(after, pl.DataFrame({"text": ["bom", None, "tel [phone]", ""] * 50_000}))
    assert_frame_equal(texts, before)


@pytest.mark.parametrize("texts", [[], [None, None]])
def test_no_texts_and_nulls_are_unchanged(texts: list[None]) -> None:
    assert redacted(*texts) == texts


NEUTRAL = st.sampled_from(["", "não recebi o produto ", "Aguardo há 15 dias!\n", "São Paulo, "])
FOR_A_THING = st.sampled_from(["pedido nº ", "Protocolo: ", "a nota é ", "R$ "])
ENDS = st.sampled_from(["", ".", ", João", " é urgente", "\r\nAtenção", ") 2x"])
TO_LABEL = st.sampled_from([" ", ": ", ".: ", " nº ", " é ", " da minha mãe é ", ":\n"])


def number(*pictures: str) -> st.SearchStrategy[str]:
    """Draw one of the pictures, with a random digit for each #."""

    def fill(picture: str) -> st.SearchStrategy[str]:
        digits = st.tuples(*[st.integers(0, 9)] * picture.count("#"))
        return digits.map(lambda f: picture.replace("#", "{}").format(*f))

    return st.sampled_from(pictures).flatmap(fill)


def contact(kind: str, numbers: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return numbers.map(lambda n: (n, f"[{kind}]"))


def labelled(
    kind: str, words: list[str], numbers: st.SearchStrategy[str]
) -> st.SearchStrategy[tuple[str, str]]:
    parts = st.tuples(st.sampled_from(words), TO_LABEL, numbers)
    return parts.map(lambda p: (p[0] + p[1] + p[2], f"{p[0]}{p[1]}[{kind}]"))


EMAIL = st.from_regex(
    r"[a-zA-Zçã][a-z0-9_.+-]{0,9}@[a-z][a-z0-9-]{0,9}(\.com|\.com\.br|\.NET)", fullmatch=True
)
CNPJ = number("##.###.###/####-##", "########/####-##", "##.###.###/#### ##", "##.###.###.####-##")
CPF = number("###.###.###-##", "### ### ### ##", "#########-##", "###.###.#####", "###.###.###/##")
PHONE = number(
    *("(##) #####-####", "(##)#########", "( ## ) ####-####", "(0##) ####.####", "(##)9 ####-####"),
    *("##-#####-####", "## ##### ####", "0## #####-####", "##.9.####.####", "55 ## #####-####"),
    *("+55 ## ##### ####", "+55###########", "+55 (##) ####-####", "## #####\N{EN DASH}####"),
    *("(0xx##) ####-####", "0xx## #####-####", "0## ## #####-####", "0055 ## #####-####"),
    *("0 ## (##) ####-####", "## 9 ########", "(##) ## ### ####", "(##) ## ## ## ##"),
)
SELF_EVIDENT = (
    contact("email", EMAIL) | contact("cnpj", CNPJ) | contact("cpf", CPF) | contact("phone", PHONE)
)
LABELLED = (
    labelled("cnpj", ["CNPJ", "cnpj"], number("#" * 14))
    | labelled("cpf", ["CPF", "Cpf"], number("#" * 11, "######### ##", "#########/##"))
    | labelled("cep", ["CEP", "cep"], number("########", "##.###-###", "##### ###", "#####-##"))
    | labelled(
        "phone",
        ["Tel", "telefone", "FONE", "cel", "whats", "WhatsApp", "zap", "contato", "ligar"],
        number("########", "#########", "##########", "###########", "55###########")
        | number("####-####", "#### ####", "####.####", "#####-####", "9 ########")
        | number("##-#########", "## ########", "##-####-####", "## ## ## ##", "### ### ###"),
    )
)
BARE = (
    contact("cep", number("#####-###", "##.###-###"))
    | contact("phone", number("#####-####", "9#### ####", "#######-####", "1#9########"))
    | contact("phone", number("## #########", "## ####-####", "## #### ####", "9 ####-####"))
    | contact("cpf", number("#" * 2 + "8" + "#" * 8))
)


@given(NEUTRAL | FOR_A_THING, SELF_EVIDENT, ENDS)
@settings(deadline=None)
def test_numbers_with_a_typical_shape_are_redacted_everywhere(
    start: str, found: tuple[str, str], end: str
) -> None:
    written, expected = found
    assert redacted(start + written + end) == [start + expected + end]


@given(NEUTRAL, LABELLED | BARE, ENDS)
@settings(deadline=None)
def test_labelled_numbers_are_redacted(start: str, found: tuple[str, str], end: str) -> None:
    written, expected = found
    assert redacted(start + written + end) == [start + expected + end]


@given(FOR_A_THING, BARE, ENDS)
@settings(deadline=None)
def test_numbers_after_a_word_for_a_thing_are_kept(
    start: str, found: tuple[str, str], end: str
) -> None:
    text = start + found[0] + end
    assert redacted(text) == [text]


# Fragments in any order: the laws below must hold for any text.
FRAGMENTS = st.one_of(
    st.sampled_from(["tel", "cep", "CPF", "cnpj", "contato", "pedido", "cód.", "R$", "ana"]),
    st.sampled_from([" ", "  ", "-", ".", "/", "(", ")", "+55", "@", "\n", ", ", "_", "gmail.com"]),
    st.sampled_from(["[phone]", "[email]", "[cep]", "[", "]"]),
    number("#", "##", "###", "####", "#####", "########", "#########", "###########"),
    SELF_EVIDENT.map(lambda found: found[0]),
    st.text(max_size=3),
)
TEXTS = st.lists(st.none() | st.lists(FRAGMENTS, max_size=12).map("".join), min_size=1, max_size=5)


@given(TEXTS)
@settings(deadline=None)
def test_a_second_pass_changes_nothing(texts: list[str | None]) -> None:
    once = redacted(*texts)
    assert redacted(*once) == once
    assert [text is None for text in once] == [text is None for text in texts]


@given(TEXTS)
@settings(deadline=None)
def test_no_pattern_matches_redacted_text(texts: list[str | None]) -> None:
    left = pl.Series(redacted(*texts), dtype=pl.String)
    assert not [kind for kind, shape in ADDRESSES + NUMBERS if left.str.contains(shape).any()]


@given(TEXTS)
@settings(deadline=None)
def test_each_text_is_redacted_by_itself(texts: list[str | None]) -> None:
    assert redacted(*texts) == [redacted(text)[0] for text in texts]


@pytest.mark.parametrize(
    ("label", "kind", "lengths"),
    [
        ("CNPJ", "cnpj", [14]),
        ("CPF", "cpf", [9, 10, 11]),
        ("CEP", "cep", [5, 6, 7, 8]),
        ("tel", "phone", [8, 9, 10, 11, 12, 13]),
        ("RG", "rg", [5, 6, 7, 8, 9, 10]),
        ("visa", "card", [13, 14, 15, 16, 17, 18, 19]),
        ("pix", "pix", [8, 9, 10, 11, 12, 13, 14]),
    ],
)
def test_a_label_applies_to_numbers_of_its_length(
    label: str, kind: str, lengths: list[int]
) -> None:
    # In one text, because a text without a long number is not searched.
    text = ", ".join(f"{label} {'7654321' * 3:.{length}}" for length in range(1, 22))
    (found,) = redacted(text)
    assert found is not None
    parts = enumerate(found.split(", "), 1)
    assert [length for length, part in parts if part == f"{label} [{kind}]"] == lengths


def test_a_label_applies_across_seven_words() -> None:
    near, far = f"CPF{' bom' * 7} 123456789", f"CPF{' bom' * 7}, 123456789"
    assert redacted(near, far) == [near.replace("123456789", "[cpf]"), far]


@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Nd", "No"], exclude_characters="@\uff20\ufe6b")
    )
)
@settings(deadline=None)
def test_text_without_digits_or_at_sign_is_unchanged(text: str) -> None:
    assert redacted(text) == [text]


def test_real_reviews_keep_no_contact_data(olist: Path) -> None:
    columns = ["review_comment_title", "review_comment_message"]
    reviews = pl.scan_csv(olist / "olist_order_reviews_dataset.csv", infer_schema=False)
    before = reviews.select(columns).unpivot().collect()["value"]
    after = reviews.select(redact(pl.col(columns))).unpivot().collect()["value"]
    contact_data = {
        "email": r"[^\s@]+@[^\s@]+\.[^\s@]+",
        "cpf": r"\d{3}\.\d{3}\.\d{3}-\d{2}",
        "cnpj": r"\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}",
        "phone": r"\(\d\d\) ?\d{4,5}-?\d{4}|\d\d-\d{5}-\d{4}",
        "cep": r"(?i)cep\W{0,3}\d{2}\.?\d{3}-?\d{3}",
    }
    assert not [kind for kind, shape in contact_data.items() if after.str.contains(shape).any()]
    # The patterns do find contact data before, and almost all texts are unchanged.
    assert before.str.contains("|".join(contact_data.values())).any()
    assert (before != after).sum() < before.count() / 100
