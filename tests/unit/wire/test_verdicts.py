"""Verdicts files as they are read: columns, words, line numbers, and everything that is refused."""

from __future__ import annotations

import json
from time import perf_counter

import numpy as np
import pytest

from app.domain.errors import Invalid, TraceJudgeError
from app.domain.imported import DESIGNS, NONE, Design, Verdicts
from app.wire.tables import MOST_TOLD, Table, csv_table, ndjson_table
from app.wire.verdict_columns import KNOWN, read_verdicts

HEADER = "model_a,model_b,winner\n"


def from_csv(text: str | bytes, **more) -> Verdicts:
    return read_verdicts(csv_table(text if isinstance(text, bytes) else text.encode(), KNOWN), **more)


def from_ndjson(*rows: object, **more) -> Verdicts:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return read_verdicts(ndjson_table("\n".join(lines).encode(), KNOWN), **more)


def row(**changes) -> dict:
    return {"model_a": "tuned", "model_b": "base", "winner": "A", **changes}


def refused(read, *given) -> list[tuple[int | None, str, str]]:
    with pytest.raises(TraceJudgeError) as caught:
        read(*given)
    return [(problem.line, problem.field, problem.reason) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("winner", "score"),
    [
        ("A", 1.0), ("a", 1.0), ("left", 1.0), ("model_a", 1.0), ("tuned", 1.0), ("B", 0.0), ("RIGHT", 0.0),
        ("Model_B", 0.0), ("base", 0.0), ("tie", 0.5), ("TIE", 0.5), ("tie (bothbad)", 0.5), ("both_bad", 0.5),
    ],
)  # fmt: skip
def test_winners_in_words_and_by_name(winner, score):
    assert from_ndjson(row(winner=winner)).score.tolist() == [score]
    assert from_csv(f"{HEADER}tuned,base,{winner}\n").score.tolist() == [score]


def test_a_word_that_is_also_the_other_models_name_is_refused():
    assert from_ndjson(row(model_a="A", model_b="B", winner="B")).score.tolist() == [0]
    assert refused(from_ndjson, row(model_a="B", model_b="A", winner="B")) == [
        (1, "winner", "could be a side or the model on the other side: rename the model, or write model_a or model_b")
    ]
    assert from_ndjson(row(model_a="B", model_b="A", winner="model_a")).score.tolist() == [1]


def test_a_word_that_is_also_a_name_is_read_the_one_way_that_fits_the_file():
    text = f"{HEADER}B,A,{{}}\nB,A,{{}}\nB,C,{{}}\nA,C,tie\n"
    assert from_csv(text.format("A", "B", "A")).score.tolist() == [1, 0, 1, 0.5]  # "A" is neither B nor C: sides
    assert from_csv(text.format("A", "B", "C")).score.tolist() == [0, 1, 0, 0.5]  # "C" is no side: names
    assert [line for line, _, _ in refused(from_csv, text.format("A", "B", "B"))] == [2, 3, 4]
    both = f"{HEADER}B,A,A\nB,C,A\nA,C,C\n"
    assert refused(from_csv, both)[0][0] == 2
    assert refused(from_csv, f"{HEADER}tie,x,x\ntie,y,tie\n")[0][0] == 3


def test_every_column_arrives_and_what_is_empty_takes_its_default():
    full = row(
        item=17, judge="j", axis="depth", order="BA", repeat=2, count=1, cluster="c", length_a=5, length_b=0,
        design="random", inclusion_probability=0.25, sample_a=1, tags={"site": "x"}, **{"tag.year": 1999},
    )  # fmt: skip
    found = from_ndjson(full, row(winner=None, score=None))
    assert (found.item.cells(), found.judge.cells()) == (["17", None], ["j", "imported"])
    assert (found.axis.cells(), found.order.tolist(), found.repeat.tolist()) == (
        ["depth", "overall"],
        [1, NONE],
        [2, 0],
    )
    assert (found.cluster.cells(), found.length_a.tolist(), found.length_b.tolist()) == (
        ["c", None],
        [5, NONE],
        [0, NONE],
    )
    assert {name: tag.cells() for name, tag in found.tags.items()} == {"site": ["x", None], "year": ["1999", None]}
    assert [DESIGNS[place] for place in found.design] == [Design.RANDOM, Design.UNKNOWN]
    assert found.sample_a.tolist() == [1, NONE]
    assert found.probability[0] == 0.25
    assert np.isnan([found.probability[1], found.score[1]]).all()
    assert not found.human.any()
    assert from_ndjson(row(), human=True, design=Design.FILTERED).design.tolist() == [DESIGNS.index(Design.FILTERED)]


def test_zero_is_a_name():
    found = from_ndjson(row(model_a=0, item=0, winner=0), row(model_b=0, winner="0"))
    assert (found.models, found.item.cells(), found.score.tolist()) == (("0", "tuned", "base"), ["0", None], [1, 0])


def test_csv_and_ndjson_say_the_same():
    text = "model_a,model_b,score,item,count,tag.site\nx,y,0.25,q1,,\nx,y,,q2,3,n\n"
    left = from_csv(text)
    right = from_ndjson(
        {"model_a": "x", "model_b": "y", "score": 0.25, "item": "q1"},
        {"model_a": "x", "model_b": "y", "item": "q2", "count": 3, "tags": {"site": "n"}},
    )
    for name in ("model_a", "model_b", "score", "count", "order", "length_a"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    assert left.item.cells() == right.item.cells()
    assert left.tags["site"].cells() == right.tags["site"].cells()
    assert (left.line.tolist(), right.line.tolist()) == ([2, 3], [1, 2])


def test_rows_with_count_zero_hold_no_verdict_and_no_model():
    found = from_csv("model_a,model_b,winner,count\na,b,A,3\na,ghost,A,0\nb,a,A,2\n")
    assert (found.models, found.line.tolist(), found.count.tolist()) == (("a", "b"), [2, 4], [3, 2])


def test_lines_are_those_of_the_file_that_was_converted():
    assert refused(from_ndjson, row(line=7, winner="X"), row(line=9, score=2))[0][0] == 7
    assert from_ndjson(row(line=7)).line.tolist() == [7]


def test_lines_of_csv_count_newlines_inside_cells_and_blank_lines():
    text = 'model_a,model_b,winner,item\n"x\n1",y,A,q1\n\nx,y,wrong,q2\n'
    assert [line for line, _, _ in refused(from_csv, text)] == [5]


@pytest.mark.parametrize(
    ("text", "line", "field", "reason"),
    [
        (b"", None, None, None),
        (b"tuned,base,A\ntuned,base,B\n", 1, "tuned", "unknown column"),
        (b"model_a,model_a,model_b,winner\nx,x,y,A\n", 1, "model_a", "is there twice"),
        (b"model_a,model_b,verdict\nx,y,A\n", 1, "verdict", "unknown column"),
        (b"model_a;model_b;winner\nx;y;A\n", 1, "model_a;model_b;winner", "separated by ';'; commas are expected"),
        (b"model_a\tmodel_b\twinner\nx\ty\tA\n", 1, "model_a?model_b?winner", "separated by a tab; commas are"),
        (b"model_a|model_b|winner\nx|y|A\n", 1, "model_a|model_b|winner", "separated by '|'; commas are"),
        (b"model_a,model_b,winner,count\nx,y,A,0\n", 2, "count", "every count is 0"),
        (b"model_a,model_b,\nx,y,A\n", 1, "", "column 3 has no name"),
        (b"model_a,model_b,winner,tag.\nx,y,A,1\n", 1, "tag.", "unknown column"),
        (b"model_a,winner\nx,A\n", 2, "model_b", "is missing"),
        (b"model_a,model_b\nx,y\n", None, "winner", "is missing"),
        (b'model_a,model_b,winner\nx,y,A\n"x,y,A\nx,y,B\n', 3, "", "a quote opens in this row"),
        (b'model_a,model_b,winner\nx,"y"z,A\n', 2, "", "expected after"),
        (b"model_a,model_b,winner\nx,y,A,more\n", 2, "", "has 4 cells where the header has 3"),
        (b"model_a,model_b,winner\nx,y\n", 2, "", "has 2 cells"),
        (b"model_a,model_b,winner\nx\x00,y,A\n", 2, "model_a", "must not be blank or hold a NUL"),
        (b"model_a,model_b,winner\n" + b"x" * 1_000_000 + b",y,A\n", 2, "model_a", "at most 200"),
        (b"model_a,model_b,winner\n" + b"x" * 300 + b",y,A\n", 2, "model_a", "at most 200"),
        ("model_a,model_b,winner\nä,y,A\n".encode("latin-1"), 2, "", "not UTF-8"),
        ("model_a,model_b,winner\nx,y,A\n".encode("utf-16"), 1, "", "not UTF-8"),
        (b"model_a,model_b,winner\nx,y,C\n", 2, "winner", "must be A, B or tie"),
        (b"model_a,model_b,winner\n ,y,A\n", 2, "model_a", "must not be blank"),
        (b"model_a,model_b,score\nx,y,NaN\n", 2, "score", "finite"),
        (b"model_a,model_b,score\nx,y,inf\n", 2, "score", ""),
        (b"model_a,model_b,score\nx,y,1.2\n", 2, "score", "less than or equal to 1"),
        (b"model_a,model_b,winner,score\nx,y,A,1\n", 2, "winner", "not both"),
        (b"model_a,model_b,winner,count\nx,y,A,-1\n", 2, "count", "greater than or equal to 0"),
        (b"model_a,model_b,winner,count\nx,y,A,2.5\n", 2, "count", "integer"),
        (b"model_a,model_b,winner,count\nx,y,A,1_0\n", 2, "count", "without underscores"),
        (b"model_a,model_b,score\nx,y,0.2_5\n", 2, "score", "without underscores"),
        (b"model_a,model_b,winner,order\nx,y,A,ab\n", 2, "order", "'AB' or 'BA'"),
        (b"model_a,model_b,winner,repeat\nx,y,A,99999\n", 2, "repeat", "less than or equal"),
        (b"model_a,model_b,winner,length_a\nx,y,A,-4\n", 2, "length_a", "greater"),
        (b"model_a,model_b,winner,inclusion_probability\nx,y,A,0\n", 2, "inclusion_probability", "greater than 0"),
        (b"model_a,model_b,winner,design\nx,y,A,odd\n", 2, "design", ""),
    ],
)  # fmt: skip
def test_hostile_csv_is_told_by_line_and_field(text, line, field, reason):
    problems = refused(from_csv, text)
    if reason is None:
        assert problems == []
    else:
        assert problems[0][0] == line
        assert problems[0][1] == field
        assert reason in problems[0][2]


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ("{", "", "JSON"),
        ("[1]", "", "must be an object"),
        ('"text"', "", "must be an object"),
        ('{"model_a": "x", "model_a": "y", "model_b": "z", "winner": "A"}', "", "same key twice"),
        ('{"model_a": "x", "model_b": "y", "score": NaN}', "", "NaN"),
        ('{"model_a": "x", "model_b": "y", "score": 1e999}', "", "too large"),
        ('{"model_a": "x\\u0000", "model_b": "y", "winner": "A"}', "model_a", "NUL"),
        ('{"model_a": "x\\ud800", "model_b": "y", "winner": "A"}', "model_a", "surrogate"),
        (row(verdict="A"), "verdict", "unknown field"),
        (row(tags=[1]), "tags", "must be an object"),
        (row(item=["q"]), "item", "valid string"),
        (row(item=True), "item", "valid string"),
        (row(count=True), "count", "integer"),
        (row(count="many"), "count", "integer"),
        (row(score=[1], winner=None), "score", "number"),
        (row(tags={"": "x"}), "tag.", "must be"),
        (row(winner=True), "winner", "valid string"),
    ],
)  # fmt: skip
def test_hostile_ndjson_is_told_by_field(given, field, reason):
    problems = refused(from_ndjson, given)
    assert problems[0][1] == field
    assert reason in problems[0][2]
    assert problems[0][0] in (1, None)


def test_columns_without_end_are_refused_before_their_cells_are_kept():
    """Every line with a tag of its own would make a table of lines times lines."""
    many = [f"tag.{number}" for number in range(101)]
    said = [(None, "tag.", "there may be at most 100 columns")]
    assert refused(from_csv, ",".join(["model_a", "model_b", *many]) + "\n") == said
    assert refused(from_ndjson, *(row(tags={name: "x"}) for name in many)) == said
    wide = ",".join(f"tag.{number % 99_999}" for number in range(100_000))
    before = perf_counter()
    assert refused(from_csv, wide) == [(1, "tag.0", "is there twice")]
    assert perf_counter() - before < 5  # comparing each column with each took minutes


def test_many_bad_lines_are_counted_and_the_first_are_told():
    text = HEADER + "tuned,base,X\n" * 250 + "tuned,base,A\n"
    with pytest.raises(Invalid) as caught:
        from_csv(text)
    assert (len(caught.value.problems), caught.value.problem_count) == (MOST_TOLD, 250)
    assert [problem.line for problem in caught.value.problems] == list(range(2, MOST_TOLD + 2))
    one = refused(from_ndjson, row(winner="X", count="x", repeat="y"))
    assert len(one) == 1
    assert "(and 2 more in this line)" in one[0][2]


def test_a_quoted_colon_does_not_hide_a_key_given_twice():
    odd = '{"model_a": "x\\": 1", "model_b": "y", "winner": "A"}'
    assert from_ndjson(odd).models == ('x": 1', "y")
    twice = '{"model_a" : "x", "model_b": "y", "winner": "A", "winner"\t: "B"}'
    assert "same key twice" in refused(from_ndjson, twice)[0][2]


def test_fields_that_appear_late_are_empty_before():
    rows = [row() for _ in range(1_500)] + [row(item="late")]
    found = from_ndjson(*rows)
    assert found.item.cells() == [None] * 1_500 + ["late"]


def test_a_table_without_rows_reads_as_none():
    assert len(read_verdicts(Table({"model_a": [], "model_b": [], "winner": []}, []))) == 0


def test_columns_without_a_name_are_told_by_their_place_and_broken_lines_by_theirs():
    found = refused(csv_table, b"model_a,model_b,winner, ,item,\nx,y,A,,q,\n", KNOWN)
    assert found == [(1, "", "column 4 has no name"), (1, "", "column 6 has no name")]
    lines = refused(from_ndjson, row(), "bad", row(), '{"model_b" 2}')
    assert [line for line, _, _ in lines] == [2, 4]
    assert not any("line 1" in reason for _, _, reason in lines)


def test_an_unknown_column_is_told_a_way_to_keep_it():
    assert "tag.NAME" in refused(csv_table, b"model_a,model_b,winner,site\nx,y,A,s\n", KNOWN)[0][2]
