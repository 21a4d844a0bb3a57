"""Numbers in words become digits."""

import polars as pl
import pytest

from transforms.obfuscation import digits_for_words

WORDS = {
    "zero": 0,
    "um": 1,
    "uma": 1,
    "dois": 2,
    "duas": 2,
    "três": 3,
    "tres": 3,
    "quatro": 4,
    "cinco": 5,
    "seis": 6,
    "meia": 6,
    "sete": 7,
    "oito": 8,
    "nove": 9,
    "dez": 10,
    "onze": 11,
    "doze": 12,
    "treze": 13,
    "catorze": 14,
    "quatorze": 14,
    "quinze": 15,
    "dezesseis": 16,
    "dezessete": 17,
    "dezoito": 18,
    "dezenove": 19,
    "vinte": 20,
    "trinta": 30,
    "quarenta": 40,
    "cinquenta": 50,
    "sessenta": 60,
    "setenta": 70,
    "oitenta": 80,
    "noventa": 90,
    "vinte e um": 21,
    "noventa e nove": 99,
}


@pytest.mark.parametrize(("word", "number"), WORDS.items())
def test_number_word_next_to_a_number_becomes_digits(word: str, number: int) -> None:
    texts = pl.Series([f"5 {word}", f"{word.upper()} 5", f"a {word} b"])
    assert digits_for_words(texts).to_list() == [f"5{number}", f"{number}5", f"a {word} b"]
