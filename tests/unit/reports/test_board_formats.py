"""The leaderboard in every format says the same numbers, and words from outside stay words."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from app.reports.board_formats import BOARD_FORMATS, Board
from app.reports.leaderboard import Asked, leaderboard
from tests.unit.reports.test_leaderboard import MODELS, an_entrant, round_robin

EVIL = ("=1+1 <b>|`", "</td><script>alert(1)</script>", "small")


def a_board(names=MODELS, **asked) -> Board:
    sheet, items = round_robin(40, names=names)
    other = replace(sheet, policy=sheet.policy | {"name": "drop"})
    entrants = [an_entrant(sheet, "one", items), an_entrant(other, "two", items, pair=[None] * 120)]
    results = leaderboard(entrants, Asked(allow_mixed=True, **asked))
    jobs = [{"id": entrant.id, "name": entrant.name, "status": "completed"} for entrant in entrants]
    return Board({"jobs": jobs, "as_of": "2026-11-24T00:00:00+00:00", "software": {}}, results)


def rows_of(board: Board) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(BOARD_FORMATS["csv"].render(board))))


def test_json_and_csv_hold_every_number():
    board = a_board()
    told = json.loads(BOARD_FORMATS["json"].render(board))
    assert list(told) == ["envelope", "results"]
    results, rows = told["results"], rows_of(board)
    strengths = [row for row in rows if row["scope"] == "strength"]
    assert [row["model"] for row in strengths] == [line["model"] for line in results["models"]]
    for row, line in zip(strengths, results["models"], strict=True):
        assert [float(row[name]) for name in ("estimate", "low", "high", "se", "elo")] == pytest.approx(
            [line[name] for name in ("strength", "low", "high", "se", "elo")]
        )
        assert [int(row[name]) for name in ("wins", "losses", "ties")] == [line[n] for n in ("wins", "losses", "ties")]
    chances = {(row["model"], row["opponent"]): row for row in rows if row["scope"] == "win_probability"}
    assert len(chances) == 6
    matrix = results["win_probabilities"]
    assert float(chances[matrix["models"][0], matrix["models"][2]]["low"]) == pytest.approx(matrix["low"][0][2])
    assert int(chances[matrix["models"][0], matrix["models"][2]]["met"]) == matrix["met"][0][2]


@pytest.mark.parametrize("form", ["md", "html"])
def test_chances_say_what_a_tie_counts(form):
    assert "beats the column, a tie being half" in BOARD_FORMATS[form].render(a_board())
    assert "beats the column, ties left out" in BOARD_FORMATS[form].render(a_board(ties="davidson"))


@pytest.mark.parametrize("form", ["md", "html"])
def test_pages_show_the_sentence_the_warnings_and_every_table(form):
    board = a_board()
    page = BOARD_FORMATS[form].render(board)
    for words in ("Strengths", "Win probabilities", "Strata", "Jobs", board.results.text.split(" (")[0]):
        assert words in page
    best = board.results.models[0]
    assert f"{best.rank_low}" in page
    assert f"{best.elo:,.0f}" in page
    assert "p = " in page
    assert "do not measure the same" in page


def test_words_from_outside_stay_words():
    board = a_board(EVIL)
    page = BOARD_FORMATS["html"].render(board)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert any(row["model"].startswith("'=1+1") for row in rows_of(board))
    table = [line for line in BOARD_FORMATS["md"].render(board).splitlines() if line.startswith("| =1+1")]
    assert len(table) == 2
    assert all("\\|" in line and "<b>" not in line for line in table)


def test_without_intervals_nothing_is_made_up():
    sheet, items = round_robin(20)
    won = replace(sheet, picks={"overall": replace(sheet.picks["overall"], picks=_first_wins(len(items)))})
    entrant = an_entrant(won, "one", items)
    board = Board({"jobs": [{"id": "x", "name": "one", "status": "completed"}], "as_of": "", "software": {}},
                  leaderboard([entrant], Asked()))  # fmt: skip
    told = json.loads(BOARD_FORMATS["json"].render(board))["results"]
    assert told["win_probabilities"]["low"] is None
    assert told["strata"] is None
    assert all(row["low"] == "" for row in rows_of(board) if row["scope"] == "win_probability")
    for form in ("md", "html"):
        assert "unbounded" in BOARD_FORMATS[form].render(board)
        assert "nan" not in BOARD_FORMATS[form].render(board).lower()


def test_a_wide_matrix_is_left_to_json_and_csv():
    sheet, items = round_robin(20)
    models = tuple(f"m{number}" for number in range(13))
    random = np.random.default_rng(2)
    a = random.integers(0, 12, len(items))
    many = replace(sheet, models=models, model_a=a, model_b=(a + 1 + random.integers(0, 11, len(items))) % 13)
    keys = [str(number).encode() for number in range(len(items))]
    board = Board({"jobs": [{"id": "x", "name": "one", "status": "completed"}], "as_of": "", "software": {}},
                  leaderboard([an_entrant(many, "one", items, pair=keys)], Asked()))  # fmt: skip
    assert "Win probabilities" not in BOARD_FORMATS["md"].render(board)
    assert sum(row["scope"] == "win_probability" for row in rows_of(board)) == 13 * 12


def _first_wins(n: int) -> np.ndarray:
    return np.tile(np.array([1, 2], np.int8), n).reshape(n, 1, 2, 1)
