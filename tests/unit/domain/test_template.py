"""The hash of a prompt's template: it moves with the words and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain import prompt
from app.domain.judge import Method
from app.domain.template import template_hash
from app.rubrics import load

RUBRIC = load("reasoning-trace")
GROUP = RUBRIC.axis_names
USUAL = template_hash(RUBRIC, GROUP, Method.JSON)


def test_it_is_the_same_again_and_does_not_know_the_rubrics_name():
    assert template_hash(RUBRIC, GROUP, Method.JSON) == USUAL
    assert template_hash(replace(RUBRIC, name="other", version=9), GROUP, Method.JSON) == USUAL


def test_it_moves_with_the_guidance_the_axes_and_the_method():
    axes = (replace(RUBRIC.axes[0], instruction="Which is shorter?"), *RUBRIC.axes[1:])
    others = [
        template_hash(replace(RUBRIC, guidance="Judge."), GROUP, Method.JSON),
        template_hash(replace(RUBRIC, axes=axes), GROUP, Method.JSON),
        template_hash(RUBRIC, GROUP[:1], Method.JSON),
        template_hash(RUBRIC, GROUP[:1], Method.LOGPROBS),
    ]
    assert len({USUAL, *others}) == 5


@pytest.mark.parametrize("words", ["PROTOCOL", "JSON_INSTRUCTION"])
def test_it_moves_with_our_own_words(monkeypatch, words):
    monkeypatch.setattr(prompt, words, getattr(prompt, words) + "!")
    assert template_hash(RUBRIC, GROUP, Method.JSON) != USUAL
