"""Files of AlpacaEval and MT-bench, made into rows of a verdicts file."""

from __future__ import annotations

import pytest

from app.client.foreign import GENERIC, convert, detect
from app.domain.errors import Invalid


def annotation(**changes) -> dict:
    return {
        "instruction": "Say hello.", "output_1": "Hello", "generator_1": "base", "output_2": "Hi!",
        "generator_2": "tuned", "annotator": "a-judge", "preference": 2.0, "dataset": "helpful", **changes,
    }  # fmt: skip


def game(**changes) -> dict:
    return {
        "question_id": 81, "model_1": "x", "model_2": "y", "g1_winner": "model_1", "g2_winner": "model_2",
        "judge": ["gpt-4", "pair-v2"], "turn": 1, "g1_judgment": "...", **changes,
    }  # fmt: skip


def vote(**changes) -> dict:
    return {
        "question_id": 81,
        "model_a": "x",
        "model_b": "y",
        "winner": "model_b",
        "judge": "expert_1",
        "turn": 2,
        **changes,
    }


def rows(name: str, *records: dict) -> list[dict]:
    return convert(name, list(enumerate(records, start=1))).rows


def test_formats_are_known_by_their_fields():
    assert detect(annotation()) == "alpaca_eval"
    assert detect(game()) == detect(vote()) == "mt_bench"
    assert detect(("model_a", "model_b", "winner", "item")) == detect(()) == GENERIC


@pytest.mark.parametrize("mark", ["score", "rating"])
def test_marks_of_one_answer_are_refused_and_scores_of_two_are_not(mark):
    with pytest.raises(Invalid, match="single-answer grading, not pairwise"):
        detect(("question_id", "model", "judge", mark))
    with pytest.raises(Invalid, match="single-answer grading, not pairwise"):
        convert("mt_bench", [(1, vote()), (2, {"question_id": 81, "model": "x", mark: 7})])
    assert detect(("model_a", "model_b", mark)) == GENERIC


@pytest.mark.parametrize(
    ("preference", "score"),
    [(1, 0.0), (2.0, 1.0), (1.5, 0.5), (0, 0.5), (1.25, 0.25), (None, None), ("1.75", 0.75), (float("nan"), None)],
)
def test_preferences_become_scores_of_the_evaluated_model(preference, score):
    row = rows("alpaca_eval", annotation(preference=preference))[0]
    assert (row["model_a"], row["model_b"], row["score"]) == ("tuned", "base", score)


def test_an_annotation_keeps_its_judge_lengths_and_instruction():
    row, other = rows("alpaca_eval", annotation(), annotation(instruction="Say goodbye.", annotator=None))
    assert (row["judge"], row["length_a"], row["length_b"], row["tag.dataset"]) == ("a-judge", 3, 5, "helpful")
    assert other["judge"] == "alpaca_eval"
    assert row["item"] != other["item"]
    assert row["item"] == row["cluster"]
    assert (row["line"], other["line"]) == (1, 2)


def test_an_instruction_that_comes_again_is_another_pair_in_the_same_cluster():
    found = convert("alpaca_eval", [(1, annotation()), (2, annotation(preference=1))])
    first, again = found.rows
    assert first["cluster"] == again["cluster"]
    assert first["item"] != again["item"]
    assert found.notes == ["1 instructions come again: pairs of their own in one cluster"]


@pytest.mark.parametrize("preference", [0.5, 2.1, -1, True, "both", [1]])
def test_a_preference_out_of_range_is_told_by_line(preference):
    with pytest.raises(Invalid) as caught:
        rows("alpaca_eval", annotation(), annotation(preference=preference))
    assert [(problem.line, problem.field) for problem in caught.value.problems] == [(2, "preference")]


def test_the_visitors_of_an_arena_are_one_judge():
    votes = [vote(judge=f"arena_user_{number}", winner="tie (bothbad)") for number in (7, 973, 7)]
    found = convert("mt_bench", list(enumerate([*votes, vote(judge="arena_user_x")], start=1)))
    assert [(row["judge"], row["repeat"]) for row in found.rows] == [
        ("arena_user", 0), ("arena_user", 1), ("arena_user", 2), ("arena_user_x", 0),
    ]  # fmt: skip
    assert found.notes == ["2 visitors of an arena count as one judge, arena_user"]


def test_both_games_of_mt_bench_are_verdicts_in_their_orders():
    first, second = rows("mt_bench", game())
    assert (first["order"], first["winner"], second["order"], second["winner"]) == ("AB", "A", "BA", "B")
    assert (first["item"], first["cluster"], first["tag.turn"]) == ("81 turn 1", "81", "1")
    assert (first["judge"], first["tag.template"]) == ("gpt-4", "pair-v2")
    assert [row["winner"] for row in rows("mt_bench", game(g1_winner="tie", g2_winner="error"))] == ["tie", None]


def test_one_judge_with_several_templates_is_one_judge_unless_it_judged_a_pair_with_both():
    apart = rows("mt_bench", game(), game(turn=2, judge=["gpt-4", "pair-v2-multi-turn"]))
    assert {row["judge"] for row in apart} == {"gpt-4"}
    both = rows("mt_bench", game(), game(judge=["gpt-4", "pair-v1"]))
    assert {row["judge"] for row in both} == {"gpt-4|pair-v2", "gpt-4|pair-v1"}
    assert not any("tag.template" in row for row in both)


def test_votes_are_final_and_a_vote_cast_again_is_a_repeat():
    found = convert(
        "mt_bench", [(1, vote()), (2, vote(model_a="y", model_b="x")), (3, vote(winner="tie (inconsistent)"))]
    )
    assert [(row["winner"], row["repeat"]) for row in found.rows] == [("B", 0), ("B", 1), ("tie", 2)]
    assert "order" not in found.rows[0]
    assert "1 verdicts 'tie (inconsistent)' count as ties" in found.notes[0]
    assert convert("mt_bench", [(1, vote())]).notes == []


@pytest.mark.parametrize("record", [game(g2_winner="A"), vote(winner="left"), vote(winner=None)])
def test_an_unknown_winner_names_the_line_and_what_is_allowed(record):
    with pytest.raises(Invalid) as caught:
        rows("mt_bench", vote(), record)
    (problem,) = caught.value.problems
    assert problem.line == 2
    assert problem.reason.startswith("must be one of model_")


def test_a_record_without_the_fields_is_refused_by_line():
    with pytest.raises(Invalid) as caught:
        rows("alpaca_eval", annotation(), {"instruction": "x"})
    assert "generator_1, generator_2, instruction, preference" in caught.value.detail
    assert caught.value.problems[0].line == 2
