"""The page of the structured families: its examples run, and it names every family and option."""

import doctest
import re
from pathlib import Path

import pytest

from tests.generators.test_structured_nets import OWN
from topograph.generators.registry import FAMILIES

PAGE = Path(__file__).parents[2] / "docs" / "structured-families.md"


@pytest.fixture
def page():
    if not PAGE.exists():
        pytest.skip("the documentation is not here")
    return PAGE.read_text()


def test_python_examples_of_the_page(page):
    blocks = re.findall(r"^```python\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    result = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(examples)
    assert result.attempted > 10
    assert result.failed == 0


@pytest.mark.parametrize("name", OWN)
def test_every_family_has_a_section_with_its_options(page, name):
    section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", page, flags=re.DOTALL | re.MULTILINE)
    assert section is not None
    assert f"topograph generate {name} " in section[1]
    for option in FAMILIES[name].options:
        if option != "permuted":
            assert f"`--{option.replace('_', '-')}`" in section[1]
