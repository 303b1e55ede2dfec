"""The judge never learns who wrote a trace: what it is asked does not change when the models are renamed."""

from __future__ import annotations

import pytest

from tests.world.jobs import run_job
from tests.world.pairs import pairs
from tests.world.world import World, world

COUNT = 60


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory):
    with world(tmp_path_factory.mktemp("blind"), slots=16) as made:
        yield made


def asked(there: World) -> list[dict]:
    """The ledger without canaries, which show no traces."""
    return [entry for entry in there.judge.ledger() if entry["first"] != entry["second"]]


def test_each_pair_is_asked_once_in_each_order(there: World) -> None:
    there.judge.clear()
    run_job(there, pairs(COUNT))
    calls = asked(there)
    assert len(calls) == 2 * COUNT
    assert len({(entry["pair"], entry["first"]) for entry in calls}) == 2 * COUNT
    assert {entry["status"] for entry in calls} == {200}


def test_prompts_do_not_change_when_the_models_are_renamed(there: World) -> None:
    seen = []
    for models in (("tuned", "base"), ("gpt-5-preview", "a")):
        there.judge.clear()
        results = run_job(there, pairs(COUNT, models=models))["results"]
        seen.append(({entry["prompt"] for entry in asked(there)}, results["provenance"]["prompt_hash"]))
    assert len(seen[0][0]) == 2 * COUNT
    assert seen[0] == seen[1]
