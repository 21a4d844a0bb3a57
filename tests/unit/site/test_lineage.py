"""Tests of the lineage drawing."""

from collections.abc import Mapping
from itertools import combinations
from random import Random

import pytest

from flows.site.docs.lineage import BOX_HEIGHT, Box, Drawing, lineage, lineage_svg
from tests.support.project import ROOT
from transforms.gold.fact_sales import fact_sales
from transforms.graph import sources, tables
from transforms.silver.order_items import order_items

WHOLE = lineage(tables())


def boxes(drawing: Drawing) -> dict[str, Box]:
    return {box.table: box for box in drawing.boxes}


def test_lineage_has_one_box_per_table() -> None:
    names = [box.table for box in WHOLE.boxes]
    assert sorted(names) == sorted([*tables(), *(c.spec().table for c in sources())])


def test_lineage_has_a_line_per_input_and_foreign_key() -> None:
    lines = {(line.start, line.end): line.kind for line in WHOLE.lines}
    assert lines == {
        (needed, table.name): "reads" if needed in table.input_names else "refers"
        for table in tables().values()
        for needed in table.dependencies
        if not (table.versions_of and needed.startswith("bronze."))
    }
    assert lines["silver.orders", "gold.fact_sales"] == "reads"
    assert lines["gold.dim_date", "gold.fact_sales"] == "refers"


def test_lines_run_from_left_to_right() -> None:
    for line in WHOLE.lines:
        start, end = boxes(WHOLE)[line.start], boxes(WHOLE)[line.end]
        assert start.x + start.width < end.x
        assert line.path.startswith(f"M{start.x + start.width} {start.y + 14}C")
        assert line.path.endswith(f"{end.x} {end.y + 14}")


@pytest.mark.parametrize("around", ["", *tables()])
def test_boxes_do_not_overlap_and_fit_the_drawing(around: str) -> None:
    drawing = lineage(tables(), around)
    for a, b in combinations(drawing.boxes, 2):
        assert a.x != b.x or abs(a.y - b.y) > BOX_HEIGHT
    assert all(0 <= b.x <= drawing.width - b.width for b in drawing.boxes)
    assert all(20 <= b.y <= drawing.height - BOX_HEIGHT for b in drawing.boxes)


def test_headings_are_above_their_layers() -> None:
    bronze, silver, gold = (WHOLE.headings[layer] for layer in ("bronze", "silver", "gold"))
    assert bronze < silver < gold
    for box in WHOLE.boxes:
        assert box.x >= WHOLE.headings[box.layer]


def test_lineage_around_a_table_has_its_dependencies_and_dependents() -> None:
    around = lineage(tables(), around="gold.dim_customer")
    dependents = {
        name for name, table in tables().items() if "gold.dim_customer" in table.dependencies
    }
    assert {"gold.fact_orders", "gold.fact_sales"} <= dependents
    assert {*boxes(around)} == {
        "gold.dim_customer",
        *("silver.customers", "silver.geolocation", "silver.orders"),
        *dependents,
    }
    assert all("gold.dim_customer" in (line.start, line.end) for line in around.lines)
    assert len(around.lines) == len(around.boxes) - 1


def test_chain_is_drawn_straight() -> None:
    chain = lineage(tables(order_items))
    assert [box.table for box in chain.boxes] == ["bronze.order_items", "silver.order_items"]
    assert len({box.y for box in chain.boxes}) == 1


def test_lineage_includes_inputs_outside_of_the_graph() -> None:
    alone = lineage(tables(fact_sales))
    assert {"silver.orders", "silver.order_items"} <= boxes(alone).keys()


def test_order_crosses_fewer_lines_than_chance() -> None:
    ours = {name: float(box.y) for name, box in boxes(WHOLE).items()}
    chance = Random(1)
    shuffled = [chance.sample(range(len(ours)), len(ours)) for _ in range(50)]
    by_chance = [crossings(dict(zip(ours, places, strict=True))) for places in shuffled]
    assert crossings(ours) < min(by_chance)


def crossings(places: Mapping[str, float]) -> int:
    """Count the crossings of lines between the same two columns."""
    at = boxes(WHOLE)
    return sum(
        (places[a.start] - places[b.start]) * (places[a.end] - places[b.end]) < 0
        for a, b in combinations(WHOLE.lines, 2)
        if at[a.start].x == at[b.start].x and at[a.end].x == at[b.end].x
    )


def test_picture_in_the_docs_is_current() -> None:
    drawn = ROOT / "docs" / "lineage.svg"
    assert drawn.read_text() == f"{lineage_svg()}\n", (
        "python -m flows.site.docs.lineage > docs/lineage.svg"
    )


def test_bronze_tables_are_level_with_their_silver_tables() -> None:
    drawn = boxes(WHOLE)
    for line in WHOLE.lines:
        if line.start.startswith("bronze."):
            assert drawn[line.start].y == drawn[line.end].y
