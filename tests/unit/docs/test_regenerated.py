from __future__ import annotations

import pytest

from docs.regenerate import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_as_the_code_makes_it(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run ./run docs"
