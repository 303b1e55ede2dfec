"""The stub judge reads our prompts right, and its opinion hangs on the two trace texts alone."""

from __future__ import annotations

import math
from dataclasses import replace

import orjson
import pytest

from app import rubrics
from app.domain.judge import Judge, Method
from app.domain.order import Order, Presentation
from app.domain.prompt import fence_name, render
from app.domain.trace import Item, Pair, Trace
from app.judging.methods import METHODS
from app.judging.openai_chat import messages, request_body
from tests.stub_judge.question import digest, read
from tests.stub_judge.script import FAULTS, fault_of, rules_of
from tests.stub_judge.verdicts import Opinion, first_token, json_content

RUBRIC = rubrics.load("reasoning-trace")
PAIR = Pair(Item("q1", "Which one?"), Trace("base", "a short one"), Trace("tuned", "a GOLD and longer one"))


def asked(order=Order.AB, pair=PAIR, secret=b"s", method=Method.JSON):
    axes = RUBRIC.axes if method is Method.JSON else RUBRIC.axes[1:2]
    fence = fence_name(secret, pair.item.id)
    prompt = render(RUBRIC, axes, Presentation(pair, order), fence, method)
    fields = METHODS[method].fields([axis.name for axis in axes])
    return read(orjson.loads(request_body(Judge("j", (), "m"), messages(prompt, []), fields)))


def test_the_parts_of_a_prompt_are_found():
    found = asked()
    assert (found.first_text, found.second_text) == ("a short one", "a GOLD and longer one")
    assert found.question == digest("Which one?")
    assert found.axes == RUBRIC.axis_names
    assert asked(method=Method.LOGPROBS).axes == ("medical_knowledge",)
    assert asked(method=Method.LOGPROBS).wants_log_probabilities


def test_hashes_hang_on_neither_fence_nor_order():
    ab, ba = asked(), asked(Order.BA)
    assert asked(secret=b"other") == replace(ab, text=asked(secret=b"other").text)
    assert (ab.pair, ab.first, ab.second) == (ba.pair, ba.second, ba.first)
    assert ab.prompt != ba.prompt


@pytest.mark.parametrize("rule", ["hash", "longer", "gold"])
def test_both_orders_mean_the_same_and_a_pull_adds_to_both(rule):
    opinion, pulled = Opinion(rule), Opinion(rule, position_pull=2.0)
    for axis in RUBRIC.axis_names:
        ab, ba = opinion.log_odds(asked(), axis), opinion.log_odds(asked(Order.BA), axis)
        assert ab == pytest.approx(-ba)
        assert ab != 0
        assert pulled.log_odds(asked(), axis) == pytest.approx(ab + 2.0)


def test_rules_prefer_what_they_say():
    for rule in ("gold", "longer"):
        assert Opinion(rule).verdict(asked(), "overall") == "SECOND"
        assert Opinion(rule).verdict(asked(Order.BA), "overall") == "FIRST"
    assert Opinion(tie_band=100).verdict(asked(), "overall") == "TIE"


def test_replies_have_the_shape_asked_for():
    assert set(orjson.loads(json_content(asked(), Opinion()))) == set(RUBRIC.axis_names)
    question = asked(method=Method.LOGPROBS)
    token, top = first_token(question, Opinion("gold"))
    listed = {entry["token"]: entry["logprob"] for entry in top}
    assert token == "2"
    assert listed["1"] - listed["2"] == pytest.approx(-3.0)
    assert sum(math.exp(value) for value in listed.values()) <= 1.0


def test_a_fault_hits_its_share_of_prompts_once_and_always_the_same():
    questions = [asked(pair=replace(PAIR, item=Item(f"q{number}", "Which?" * number))) for number in range(300)]
    first, again = ([fault_of("0.1:500").takes(question) for question in questions] for _ in range(2))
    assert first == again
    assert 10 < sum(first) < 60
    passing = fault_of("1:500")
    assert [passing.takes(questions[0]) for _ in range(3)] == [True, False, False]
    lasting = fault_of("1:drop:always")
    assert all(lasting.takes(questions[0]) for _ in range(3))


def test_a_script_matches_what_it_names():
    rules = rules_of(
        orjson.dumps(
            [
                {"match": {"axis": "overall", "contains": "GOLD"}, "times": 1, "fault": "429"},
                {"match": {"pair": asked().pair}, "content": "x"},
                {"match": {"prompt": "none"}, "drop": True},
            ]
        )
    )
    assert [rule.takes(asked()) for rule in rules] == [True, True, False]
    assert [rule.takes(asked()) for rule in rules] == [False, True, False]
    assert rules[0].answer == FAULTS["429"]
