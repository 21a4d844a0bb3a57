"""Secrets in addresses."""

import pytest

from flows.config.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("s3://KEY:SE/CR+ET@bucket/lake: no", "s3://***@bucket/lake: no"),
        ("tls://user:p@ss@host:8786", "tls://***@host:8786"),
        ("http://token@host/path", "http://***@host/path"),
        ("at user:secret@host:9092, it", "at ***@host:9092, it"),
        ("dask=tls://user:secret@host", "dask=tls://***@host"),
        ("user:p@ss@host:9092", "***@host:9092"),
        ("https://host/x?token=abc&page=2", "https://host/x?token=***&page=2"),
        ("sasl.password=abc, retries=2", "sasl.password=***, retries=2"),
        ("[SASL_SSL://user:se,cret@host:9092]", "[SASL_SSL://***@host:9092]"),
    ],
)
def test_a_secret_in_an_address_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text", ["s3://bucket/file@2.csv", "http://127.0.0.1:4200/api", "host:9092,host2:9092", "a@b.c"]
)
def test_an_address_without_a_secret_is_not_changed(text: str) -> None:
    assert mask(text) == text
