"""An erased person does not come back from Kafka."""

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from flows import delta
from flows.config.errors import SettingError
from flows.delta.commit_log import last_metrics
from flows.kafka import drain as drain_module
from flows.kafka.client import KafkaSettings
from flows.kafka.drain import drain
from flows.pipeline import forget
from tests.support.erasure import C1, KEY, O1, PERSON, mentions
from tests.support.good_records import GOOD

Produce = Callable[..., None]
GROUPS = count()
CUSTOMER = {"customer_id": C1, "customer_unique_id": PERSON, "customer_city": "city of theirs"}
REVIEW = {"order_id": O1, "review_comment_message": "a text of the person"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSTONE_ERASURE_KEY", KEY)


def drain_again(lake: str, settings: KafkaSettings) -> None:
    """Drain in another group, because the mock broker is slow to remove members."""
    drain(lake, settings.model_copy(update={"group": f"forget {next(GROUPS)}"}))


def send(produce: Produce) -> None:
    for entity, record in (
        ("customers", CUSTOMER),
        ("orders", {"order_id": O1, "customer_id": C1}),
        ("order_reviews", REVIEW),
    ):
        produce(f"olist.{entity}", [json.dumps({**GOOD[entity], **record}).encode()], partition=1)
    produce("olist.orders", [b"\xff " + C1.encode()], partition=1)


def test_messages_of_an_erased_person_are_erased_and_counted(
    lake: str, settings: KafkaSettings, produce: Produce
) -> None:
    send(produce)
    drain_again(lake, settings)
    assert mentions(Path(lake))
    forgotten = forget(lake, PERSON)
    assert mentions(Path(lake)) == []
    found = {source.split("/")[1]: at for source, at in forgotten.request.messages.items()}
    assert found == {
        "olist.customers": [0],
        "olist.orders": [0, 1],
        "olist.order_reviews": [0],
    }
    send(produce)
    drain_again(lake, settings)
    assert mentions(Path(lake)) == []
    for entity, number in (("customers", 1), ("orders", 2), ("order_reviews", 1)):
        handle = delta.open_existing(lake, f"bronze.{entity}")
        assert delta.rows(handle) == 2 * number
        assert last_metrics(handle)["erased"] == number


def test_without_the_key_nothing_is_drained(
    lake: str, settings: KafkaSettings, produce: Produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(produce)
    drain_again(lake, settings)
    forget(lake, PERSON)
    monkeypatch.delenv("KEYSTONE_ERASURE_KEY")
    send(produce)
    with pytest.raises(SettingError, match="KEYSTONE_ERASURE_KEY is not set"):
        drain_again(lake, settings)
    assert delta.rows(delta.open_existing(lake, "bronze.customers")) == 1


def test_a_drain_that_began_before_the_request_erases_what_it_writes(
    lake: str, settings: KafkaSettings, produce: Produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(produce)
    drain_again(lake, settings)
    send(produce)
    join = vars(drain_module._Drainer)["join"]  # noqa: SLF001 - between its start and its first batch

    def forget_first(drainer: object) -> None:
        join(drainer)
        forget(lake, PERSON)

    monkeypatch.setattr(drain_module._Drainer, "join", forget_first)  # noqa: SLF001 - as above
    drain_again(lake, settings)
    assert delta.rows(delta.open_existing(lake, "bronze.customers")) == 2
    assert mentions(Path(lake)) == []
