"""The Python examples of the README and the guides run, from top to bottom of each page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "docs/index.md", "docs/quickstart.md", "docs/healpix.md", "docs/spatial.md", "docs/timeseries.md"]


@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page):
    examples = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    namespace = {}
    for example in examples:
        exec(compile(example, page, "exec"), namespace)


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []
