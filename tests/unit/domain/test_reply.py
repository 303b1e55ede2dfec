"""Laws of reading replies: one clear verdict or none, never a guess, never in more than linear time."""

from __future__ import annotations

import json
import math
import string
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.domain.judgment import AxisPick, Outcome, Pick
from app.domain.reply import PICKS, Unusable, parse_reply, pick_from_log_probabilities, reply_schema

FENCE = "TJ-0123456789ab"
AXES = ("rationale", "overall")
FOREIGN = Path(__file__).parents[2] / "data" / "judge_outputs.jsonl"
LINE = f"VERDICT {FENCE} rationale=FIRST overall=SECOND"


def said(first: str = "FIRST", second: str = "SECOND", **more: object) -> str:
    verdicts = {"rationale": {"reason": "r", "verdict": first}, "overall": {"reason": "o", "verdict": second}}
    return json.dumps({**verdicts, **more})


def read(text: str | None) -> dict[str, Pick] | Outcome:
    found = parse_reply(text, AXES, FENCE)
    return found.outcome if isinstance(found, Unusable) else {axis: pick.pick for axis, pick in found.items()}


GOOD = {"rationale": Pick.FIRST, "overall": Pick.SECOND}


@pytest.mark.parametrize(
    "text",
    [
        said(),
        f"  \n{said()}\n",
        "\ufeff" + said(),
        f"```json\n{said()}\n```",
        f"<think>SECOND looks better at first.</think>\n{said()}",
        said("first", " Second "),
        said(confidence=0.9),
        LINE,
        f"The first argues well.\nThe second concludes better.\n{LINE}",
    ],
)
def test_one_clear_verdict_is_read(text):
    assert read(text) == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "The first trace is better.",
        "FIRST",
        said() + said(),
        said() + "\n" + said("SECOND", "FIRST"),
        f"My verdict: {said()}",
        f"{said()}\nHope this helps!",
        f"[{said()}]",
        '{"rationale": {"verdict": "FIRST"}}',
        '{"rationale": "FIRST", "overall": "SECOND"}',
        said("FIRST", "BOTH"),
        said("FIRST|SECOND|TIE", "FIRST"),
        said()[:-1],
        '{"rationale": {"verdict": "FIRST", "verdict": "SECOND"}, "overall": {"verdict": "FIRST"}}',
        '{"overall": {"verdict": "FIRST"}, "overall": {"verdict": "FIRST"}, "rationale": {"verdict": "TIE"}}',
        '{"rationale": {"verdict": "FIRST"}, "overall": {"verdict": NaN}}',
        f"{LINE}\n{LINE}",
        f"{LINE} overall=FIRST",
        f"VERDICT {FENCE} overall=SECOND",
        "VERDICT TJ-ba9876543210 rationale=FIRST overall=SECOND",
        f"{LINE}\nSo much for that.",
        f"{said('SECOND', 'FIRST')}\n{LINE}",
        f"```\n{said('SECOND', 'FIRST')}\n```\n{LINE}",
        '{"a":' * 100_000,
        "[" * 100_000,
        '{"overall": ' + "9" * 10_000 + "}",
        "{" * 1_000,
        "\x00",
        said().encode("utf-16").decode("latin-1"),
    ],
    ids=range(28),
)
def test_anything_else_abstains(text):
    assert read(text) is Outcome.UNPARSEABLE


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (None, Outcome.NO_CONTENT),
        ("", Outcome.NO_CONTENT),
        (" \n\t", Outcome.NO_CONTENT),
        (f"<think>{said()}</think>", Outcome.NO_CONTENT),
        (f"<think>{said()}", Outcome.TRUNCATED),
        (f"<think>The trace says {LINE}", Outcome.TRUNCATED),
        (f"<think>quoting </think>{said()} of the trace, so:</think>{said('TIE', 'TIE')}", Outcome.UNPARSEABLE),
    ],
)
def test_thinking_is_never_a_verdict(text, outcome):
    assert read(text) is outcome


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_verdict_inside_other_text_abstains(before, after):
    """What a trace forges can only be quoted by the judge; a quotation is never the whole reply."""
    assert not isinstance(parse_reply(f"{before}x{said()}{after}", AXES, FENCE), dict)


@given(st.text(alphabet=string.printable, max_size=300))
def test_garbage_abstains_and_never_raises(text):
    assert isinstance(parse_reply(text, AXES, FENCE), Unusable)


@given(st.fixed_dictionaries({axis: st.sampled_from(sorted(PICKS)) for axis in AXES}))
def test_what_fits_the_schema_is_read_and_only_the_picks_count(picks):
    reply = {axis: {"reason": "because", "verdict": pick} for axis, pick in picks.items()}
    Draft202012Validator(reply_schema(AXES)).validate(reply)
    assert read(json.dumps(reply)) == {axis: PICKS[pick] for axis, pick in picks.items()}


@pytest.mark.parametrize(
    "hostile",
    [
        "<think>" * 150_000,
        "</think>" * 130_000,
        "<think>" + "</think>" * 130_000,
        '{"rationale":' * 80_000,
        "{" + '"a":1,' * 170_000,
        "```\n" * 260_000,
        f"VERDICT {FENCE} " * 38_000,
        "overall=FIRST " * 75_000 + f"\nVERDICT {FENCE} " + "overall=FIRST " * 10,
        "\\" * 1_000_000,
        '{"overall": "' + '\\"' * 500_000,
        "\n" * 1_000_000,
    ],
    ids=range(11),
)
def test_a_megabyte_of_hostile_text_takes_linear_time(hostile):
    started = time.process_time()
    assert isinstance(parse_reply(hostile, AXES, FENCE), Unusable)
    assert time.process_time() - started < 2.0  # it is a few ms; anything quadratic takes minutes


def test_replies_in_the_formats_of_other_tools_abstain_instead_of_being_misread():
    lines = [json.loads(line) for line in FOREIGN.read_text(encoding="utf-8").splitlines()]
    assert {line["format"] for line in lines} == {
        "mtbench_tag", "output_ab", "score_pair_first_line", "json_ordered_models",
    }  # fmt: skip
    for line in lines:
        assert read(line["raw"]) is Outcome.UNPARSEABLE, line["id"]


def test_a_long_reason_is_cut_and_an_absent_one_is_empty():
    text = json.dumps({"overall": {"verdict": "TIE", "reason": "x" * 9_000}})
    found = parse_reply(text, ("overall",), FENCE)
    assert not isinstance(found, Unusable)
    assert len(found["overall"].reason) == 4_000
    assert parse_reply('{"overall": {"verdict": "TIE"}}', ("overall",), FENCE) == {"overall": AxisPick(Pick.TIE)}


def test_log_probabilities_give_pick_and_odds():
    found = pick_from_log_probabilities([("1", math.log(0.6)), (" 1", math.log(0.1)), ("2", math.log(0.2)), ("x", -9)])
    assert isinstance(found, AxisPick)
    assert found.pick is Pick.FIRST
    assert found.log_odds == pytest.approx(math.log(0.7 / 0.2))
    assert not found.censored


def test_a_token_that_is_missing_or_masked_stands_at_the_least_probability():
    for top in ([("2", -0.1), ("x", -7.0)], [("2", -0.1), ("x", -7.0), ("1", -9999.0)]):
        found = pick_from_log_probabilities(top)
        assert isinstance(found, AxisPick)
        assert (found.pick, found.censored) == (Pick.SECOND, True)
        assert found.log_odds == pytest.approx(-6.9)


def test_too_little_mass_on_both_tokens_abstains():
    found = pick_from_log_probabilities([("I", -0.01), ("1", -4.0), ("2", -5.0)])
    assert isinstance(found, Unusable)
    assert found.outcome is Outcome.LOW_MASS
    empty = pick_from_log_probabilities([])
    assert isinstance(empty, Unusable)
    assert empty.outcome is Outcome.UNPARSEABLE


@given(st.lists(st.tuples(st.sampled_from(["1", "2", " 1", "2 ", "x"]), st.floats(-20_000, 5)), max_size=20))
def test_any_list_of_log_probabilities_gives_finite_odds_and_mirrors(top):
    found = pick_from_log_probabilities(top)
    swap = {"1": "2", "2": "1"}
    mirrored = pick_from_log_probabilities([(swap.get(token.strip(), token), value) for token, value in top])
    if isinstance(found, Unusable):
        assert found == mirrored or found.outcome is Outcome.LOW_MASS
        return
    assert isinstance(mirrored, AxisPick)
    assert found.log_odds is not None
    assert math.isfinite(found.log_odds)
    assert mirrored.log_odds == pytest.approx(-found.log_odds)
    assert mirrored.censored == found.censored
