"""The examples run on a lake like that of `make demo`."""

import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import altair as alt
import pytest
import vl_convert

from flows import Lake
from flows.query.rows import Result
from flows.sample import write_sample
from tests.support.notebook import run_cells
from tests.support.project import ROOT

EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a demo lake, and the examples beside it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "demo").mkdir()
    write_sample(folder / "demo/landing", 300, seed=1, dirty=0.01)
    Lake(folder / "demo/lake").run(folder / "demo/landing")
    copytree(EXAMPLES, folder / "examples")
    return folder


def test_notebook_answers_five_questions_with_pictures(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo / "examples")
    lake, *charts = run_cells(demo / "examples/five_questions.ipynb")
    assert "gold.fact_sales" in lake._repr_html_()
    assert len(charts) == 5
    for chart in charts:
        assert isinstance(chart, alt.Chart)
        picture = vl_convert.vegalite_to_svg(chart.to_json())
        assert picture.count('aria-roledescription="bar"') == len(chart.data) > 0


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_has_the_format_of_jupyter_and_no_output(notebook: Path) -> None:
    found = json.loads(notebook.read_text())
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in found["cells"]]
    assert len({*ids}) == len(ids)
    code = [cell for cell in found["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_guide_of_python_runs(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo)
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/guides/python.md").read_text(), re.DOTALL
    )
    found: dict[str, object] = {}
    exec("\n".join(blocks), found)  # noqa: S102 - our own guide
    assert isinstance(found["top"], Result)
    assert len(found["top"]) == 5


def test_script_adds_a_table(demo: Path) -> None:
    script = [sys.executable, "examples/add_a_table.py"]
    printed = subprocess.check_output(script, cwd=demo, text=True)
    assert "refresh: 1 of 43 tables changed" in printed
    assert "gold.mart_weekday_sales, version 1, rows: 7." in printed
    again = subprocess.check_output([*script, "demo/lake"], cwd=demo, text=True)
    assert "refresh: 0 of 43 tables changed" in again
