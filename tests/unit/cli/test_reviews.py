"""`reviews` on the command line: what is asked of the server, and what people and machines are told."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from app.cli import app, reviews
from app.wire.reviews import ReviewOut

EXAMPLE = ReviewOut.model_config["json_schema_extra"]["example"]
REVIEW = ReviewOut.model_validate(EXAMPLE)
FILTERED = REVIEW.model_copy(update={
    "id": "of-ties", "design": "filtered", "filters": {"verdict": "TIE"}, "population": 70, "pairs": 50, "done": 50,
    "per_pair": 1, "labellers": [],
})  # fmt: skip


class Served:
    def __init__(self) -> None:
        self.asked: list = []

    def create_review(self, job, review):
        self.asked.append((job, review))
        return FILTERED if review["filters"] else REVIEW

    def reviews(self, job):
        assert job == "j1"
        return [FILTERED, REVIEW]

    def get_review(self, review_id):
        return {REVIEW.id: REVIEW, FILTERED.id: FILTERED}[review_id]

    def close_review(self, review_id):
        return self.get_review(review_id).model_copy(update={"closed_at": REVIEW.created_at})


@pytest.fixture
def served(monkeypatch) -> Served:
    made = Served()
    monkeypatch.setattr(reviews, "connected", contextmanager(lambda: (yield made)))
    return made


def run(*arguments: str, status: int = 0):
    done = CliRunner().invoke(app, ["reviews", *arguments], env={"COLUMNS": "200"}, prog_name="tracejudge")
    assert done.exit_code == status, done.output
    return done


def test_a_review_is_drawn_as_asked_and_its_id_fits_a_pipe(served):
    done = run("create", "j1", "--pairs", "200", "--per-pair", "2", "--seed", "7", "--axis", "overall", "--title", "T")
    asked = {"title": "T", "pairs": 200, "per_pair": 2, "seed": 7, "axes": ["overall"], "filters": {}}
    assert served.asked == [("j1", asked)]
    assert done.stdout.strip() == REVIEW.id
    assert "200 pairs were drawn at random (seed 0) from 4,000; two labellers each." in done.stderr
    assert "keys create ann --role labeller" in done.stderr


def test_filters_are_names_and_values_and_say_what_they_cost(served):
    done = run("create", "j1", "--pairs", "50", "--where", "tag:modality:CT", "--where", "verdict:TIE")
    assert served.asked[0][1]["filters"] == {"tag": "modality:CT", "verdict": "TIE"}
    assert "from the 70 with verdict:TIE, and do not count for the calibrated rate" in done.stderr


@pytest.mark.parametrize("where", [("stance",), ("stance:",), ("colour:red",), ("verdict:A", "verdict:B")])
def test_filters_that_are_none_are_wrong_usage(served, where):
    options = [part for one in where for part in ("--where", one)]
    assert "--where" in run("create", "j1", "--pairs", "1", *options, status=2).stderr
    assert served.asked == []


def test_reviews_are_listed_shown_and_closed(served):
    listed = run("list", "j1").stdout
    assert all(word in listed for word in (REVIEW.id, "random", "open", "120 / 200", "filtered", "complete"))
    shown = run("show", REVIEW.id).stdout
    assert "open, 120 of 200 pairs done" in shown
    assert all(word in shown for word in ("ann", "130", "42 s", "Axes: overall."))
    assert "closed 2026-01-31" in run("close", REVIEW.id).stdout


@pytest.mark.parametrize(
    "arguments", [("create", "j1", "--pairs", "200"), ("show", REVIEW.id), ("close", REVIEW.id), ("list", "j1")]
)
def test_machines_get_json(served, arguments):
    found = json.loads(run(*arguments, "--json").stdout)
    one = found[-1] if isinstance(found, list) else found
    assert one | {"closed_at": None} == EXAMPLE
