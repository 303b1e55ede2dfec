"""Rubrics load by name; a bad file is told everything that is wrong with it."""

from __future__ import annotations

import pytest

from app import rubrics
from app.domain.errors import Invalid, NotFound

GOOD = """
name: mine
version: 2
title: Mine
guidance: Judge well.
axes:
  - {name: overall, title: Overall, instruction: Name the better one}
"""


@pytest.mark.parametrize("name", rubrics.list_names())
def test_every_rubric_loads_and_has_overall_last(name):
    rubric = rubrics.load(name)
    assert rubric.name == name
    assert rubric.axis_names[-1] == "overall"


def test_the_two_that_come_along():
    assert rubrics.list_names() == ("reasoning-trace", "reasoning-trace-general")
    medical = rubrics.load("reasoning-trace")
    assert medical.axis_names == ("perception", "medical_knowledge", "rationale", "overall")
    assert [axis.name for axis in medical.axes if axis.needs_image] == ["perception"]
    assert not any(axis.needs_image for axis in rubrics.load("reasoning-trace-general").axes)


@pytest.mark.parametrize("name", ["nobody", "../secrets", "", "reasoning-trace.yaml"])
def test_an_unknown_name_names_the_known_ones(name):
    with pytest.raises(NotFound, match="reasoning-trace, reasoning-trace-general"):
        rubrics.load(name)


def test_a_good_file_is_read():
    rubric = rubrics.parse(GOOD, "mine")
    assert (rubric.version, rubric.axis_names) == (2, ("overall",))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("version: 2", "version: two"), "version"),
        (("version: 2", "version: true"), "version"),
        (("title: Mine\n", ""), "title"),
        (("title: Mine", "titel: Mine"), "titel"),
        (("name: mine", "name: yours"), "name"),
        (("name: overall", "name: total"), "axes"),
        (("name: overall", "name: Over All"), "axes[0].name"),
        (("instruction:", "needs_image: 1, instruction:"), "axes[0].needs_image"),
        (("instruction: Name the better one", "weight: 3"), "axes[0].weight"),
        (("  - {", "  - overall\n  - {"), "axes[0]"),
        (("  - {", "  - {name: overall, title: O, instruction: I}\n  - {"), "axes"),
    ],
)
def test_a_bad_file_is_told_where(change, field):
    text = GOOD.replace(*change)
    assert text != GOOD
    with pytest.raises(Invalid) as caught:
        rubrics.parse(text, "mine")
    assert field in [problem.field for problem in caught.value.problems]
    assert field in caught.value.detail


@pytest.mark.parametrize("text", ["{", "", "- a", "text", "!!python/object:os.system {}"])
def test_what_is_not_a_mapping_is_invalid(text):
    with pytest.raises(Invalid):
        rubrics.parse(text, "mine")
