"""README shows the code of a table as it is."""

import re
from textwrap import dedent

from tests.support.project import ROOT


def test_code_of_a_table_is_that_of_its_file() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.findall(
        r"This is \[`(transforms/\S+)`\].*?```python\n(.*?)\n *```", readme, re.DOTALL
    )
    assert shown
    for path, code in shown:
        assert dedent(code) in (ROOT / path).read_text()
