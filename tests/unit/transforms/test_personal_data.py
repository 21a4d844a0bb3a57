"""The data map: the columns with personal data."""

import json

from tests.support.command import invoke
from transforms.graph import contracts
from transforms.personal_data import Flow, PersonalColumn, personal_columns

FOUND = {(each.table, each.column): each for each in personal_columns()}


def test_every_tagged_column_is_in_the_map() -> None:
    tagged = {(name, each) for name, of in contracts().items() for each in of.personal()}
    assert tagged
    assert tagged <= FOUND.keys()


def test_a_text_is_redacted_on_the_way_to_silver() -> None:
    raw = FOUND["bronze.order_reviews", "review_comment_message"]
    assert raw.flows_to == [Flow("silver.order_reviews", "review_comment_message", masked=True)]
    assert not raw.redacted
    silver = FOUND["silver.order_reviews", "review_comment_message"]
    assert silver.redacted
    assert silver.flows_to == [Flow("gold.fact_reviews", "has_comment", masked=True)]


def test_identifiers_and_addresses_flow_to_gold() -> None:
    assert FOUND["gold.mart_customer_rfm", "customer_unique_id"].kind == "identifier"
    assert FOUND["gold.dim_customer", "customer_city"].kind == "address"
    assert FOUND["gold.dim_customer", "customer_city"].erased == "null"


def test_the_command_prints_the_map_as_text_and_json() -> None:
    assert "silver.customers.customer_city (masked)" in invoke("personal")
    printed = json.loads(invoke("personal", "--json"))
    flows = [[Flow(**flow) for flow in each["flows_to"]] for each in printed]
    found = [
        PersonalColumn(**each | {"flows_to": flow})
        for each, flow in zip(printed, flows, strict=True)
    ]
    assert found == [*FOUND.values()]
