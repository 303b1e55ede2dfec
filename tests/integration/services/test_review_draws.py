"""Which pairs a review draws: by seed, from all or from what filters leave, never of what cannot be drawn."""

from __future__ import annotations

import numpy as np
import pytest

from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.judgment import Pick
from app.domain.review import draw
from app.services import look, population, reviews
from app.services.reviews import Asked
from tests.integration.services.judging import judge
from tests.integration.services.reviewing import drawn_pairs, reviewed, rows
from tests.integration.services.samples import JUDGE, ODDS_JUDGE, draft, pair, started


async def test_a_random_review_is_the_seeds_draw_with_its_probabilities(database, vault, project):
    job, review = await reviewed(database, vault, project, pairs=4, seed=7, per_pair=2, title="Round one")
    assert await drawn_pairs(database, review) == draw(10, 4, 7).tolist()
    chances = await rows(database, "SELECT DISTINCT inclusion_probability FROM review_pairs WHERE review_id = ("
                         "SELECT id FROM reviews WHERE public_id = CAST(:id AS uuid))", id=review.id)  # fmt: skip
    assert [row.inclusion_probability for row in chances] == [0.4]
    assert (review.design, review.pairs, review.population, review.inclusion_probability) == ("random", 4, 10, 0.4)
    assert (review.title, review.per_pair, review.axes, review.done) == ("Round one", 2, list(job.axes), 0)
    assert await reviews.get_review(database, project, review.id) == review
    again = await reviews.create_review(database, project, job.id, Asked(2, axes=["overall"]))
    assert await reviews.list_reviews(database, project, job.id) == [again, review]


async def test_reviews_that_cannot_be_drawn_name_the_field(database, vault, project):
    job = await started(database, vault, project)
    for asked, field, reason in (
        (Asked(11), "pairs", "at most 10 pairs"),
        (Asked(1, axes=["beauty"]), "axes", "one of grounding, rationale, overall"),
        (Asked(1, filters={"verdict": "GREAT"}), "filters.verdict", "one of MISSING, A"),
        (Asked(1, filters={"axis": "overall"}), "filters.axis", "narrows nothing"),
        (Asked(1, filters={"tag": "modality:none"}), "pairs", "0 pairs are left by the filters"),
    ):
        with pytest.raises(Invalid) as told:
            await reviews.create_review(database, project, job.id, asked)
        (problem,) = told.value.problems
        assert problem.field == field
        assert reason in problem.reason
    unstarted = await draft(database, vault, project)
    with pytest.raises(Conflict, match="draft"):
        await reviews.create_review(database, project, unstarted.id, Asked(1))
    with pytest.raises(NotFound):
        await reviews.get_review(database, project, "no-id")


async def test_filters_leave_the_pairs_that_a_list_leaves(database, vault, project):
    pairs = [pair(f"q{number}", tags={"modality": "CT" if number % 2 else "MR"}) for number in range(40)]
    job = await started(
        database, vault, project, JUDGE, ODDS_JUDGE, pairs=pairs, rubric="reasoning-trace", repeats=2, seed=3
    )  # fmt: skip
    random = np.random.default_rng(5)
    await judge(database, job.id, lambda *_: random.choice([*Pick, *Pick, None]))
    for words in (
        {"tag": "modality:CT"},
        {"verdict": "A"},
        {"stance": "INCONSISTENT", "axis": "rationale"},
        {"stance": "flip", "judge": "odds", "tag": "modality:MR"},
    ):
        listed = (await look.list_pairs(database, project, job.id, filters=words)).items
        found = await population.population_of(database, project, job.id, words)
        assert found.tolist() == [one["seq"] for one in listed]
        assert 0 < len(found) < 40
    words = {"stance": "INCONSISTENT"}
    left = await population.population_of(database, project, job.id, words)
    review = await reviews.create_review(database, project, job.id, Asked(3, filters=words))
    assert (review.design, review.filters, review.population) == ("filtered", words, len(left))
    assert review.inclusion_probability == pytest.approx(3 / len(left))
    assert set(await drawn_pairs(database, review)) <= set(left.tolist())
