"""The real small model judges through the whole service: its own server, log-probabilities, both orders."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from app.embedded import local_judge
from tests.world.jobs import run_job
from tests.world.world import world

EXAMPLES = Path(__file__).parents[2] / "examples" / "pairs.jsonl"
COUNT = 2  # a call takes seconds on a CPU


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory):
    place = tmp_path_factory.mktemp("small-model")
    with EXAMPLES.open() as lines:
        documents = [json.loads(line) for line in islice(lines, COUNT)]
    with local_judge.running(place / "judge.log") as model, world(place / "world") as there:
        judge = {
            "name": "small",
            "url": model.url,
            "served_model": local_judge.SERVED_MODEL,
            "method": "logprobs",
            "sees_images": False,
            "max_in_flight": 2,
        }
        yield run_job(there, documents, judge=judge, axes=["overall"])["results"]


def test_every_unit_is_judged_by_log_probabilities(results) -> None:
    assert results["losses"]["units"] == 2 * COUNT
    assert results["losses"]["lost"] == []
    rates = {line["policy"]: line for line in results["policies"]}
    debiased = rates["debias"]["win_rate"]
    assert debiased["wins"] + debiased["losses"] + debiased["ties"] == COUNT
    assert rates["half"]["available"]


def test_the_report_says_that_it_saw_no_images(results) -> None:
    checks = {check["name"]: check for check in results["judges"][0]["checks"]}
    assert checks["images"]["ok"] is False
    assert "not seen" in checks["images"]["text"]
