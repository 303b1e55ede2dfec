"""The leaderboard: what may be pooled, what counts once, and that pooling changes no number it should not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.errors import Conflict, Invalid, NotComparable
from app.reports.canonical import canonical
from app.reports.comparable import Entrant
from app.reports.leaderboard import Asked, leaderboard
from app.reports.pooling import pool
from app.reports.sheet import Tag
from tests.unit.reports.a_sheet import a_judge, a_sheet, picks_of, results_of

RANDOM = np.random.default_rng(5)
MODELS = ("large", "middle", "small")


def an_entrant(sheet, name="job", items=None, **changes) -> Entrant:
    """An entrant whose pairs are of the items named, each its own cluster, traces told apart by the two models."""
    n = len(sheet.model_a)
    items = [f"q{i}" for i in range(n)] if items is None else items
    models = [sorted((sheet.models[a], sheet.models[b])) for a, b in zip(sheet.model_a, sheet.model_b, strict=True)]
    content = {
        "id": f"{name}-0000-0000",
        "item": [item.encode() for item in items],
        "pair": [f"{item} {both}".encode() for item, both in zip(items, models, strict=True)],
        "cluster": items,
        "templates": {"overall": "ab12", "other": "cd34"},
    }
    return Entrant(name=name, sheet=sheet, **(content | changes))


def round_robin(n: int, seed: int = 1, judges: int = 1, names=MODELS):
    """n items, each with all three pairs of models; the better model wins more often."""
    random = np.random.default_rng(seed)
    a, b = np.tile([0, 0, 1], n), np.tile([1, 2, 2], n)
    chance = np.tile([0.6, 0.8, 0.65], n)
    letters = "".join(random.choice(["A", "B", "T", "F"], p=[c * 0.8, (1 - c) * 0.8, 0.1, 0.1]) for c in chance)
    sheet = a_sheet(picks_of(*[letters] * judges), model_a=a, model_b=b, models=names)
    return sheet, [f"q{i // 3}" for i in range(3 * n)]


def part(sheet, items, rows, name):
    rows = np.asarray(rows)
    picks = {axis: replace(of, picks=of.picks[rows]) for axis, of in sheet.picks.items()}
    columns = ("model_a", "model_b", "cluster", "right_a", "right_b", "length_a", "length_b", "has_images", "leaks")
    cut = {column: getattr(sheet, column)[rows] for column in columns}
    cut_sheet = replace(sheet, **cut, picks=picks, outcomes=sheet.outcomes[rows])
    return an_entrant(cut_sheet, name, [items[row] for row in rows])


def strengths(board) -> dict[str, float]:
    return {line.model: line.strength for line in board.models}


def test_the_leaderboard_of_one_job_is_its_report():
    sheet, items = round_robin(60)
    sheet = replace(sheet, cluster=np.repeat(np.arange(60), 3))
    board = leaderboard([an_entrant(sheet, items=items)], Asked())
    assert board.models == results_of(sheet).models
    assert [line.model for line in board.models] == list(MODELS)
    assert board.fit.pairs == 180
    assert board.fit.clusters == 60
    assert board.strata is None
    assert board.text == (
        "first of 3 models on overall may be: large, middle (Bradley-Terry, ties and inconsistent pairs count half; "
        "95 % ranks by simultaneous differences) over 180 decided pairs of 1 job in 60 clusters"
    )


def test_jobs_split_by_models_make_the_whole_again():
    """Every item is in every job, so clusters reach across them: pooled, all numbers are those of one job."""
    sheet, items = round_robin(60)
    whole = leaderboard([an_entrant(sheet, items=items)], Asked())
    jobs = [part(sheet, items, np.arange(start, 180, 3), f"job-{start}") for start in range(3)]
    split = leaderboard(jobs, Asked())
    for what in ("models", "win_probabilities", "tied_groups", "fit"):
        assert canonical(getattr(split, what)) == canonical(getattr(whole, what))
    assert [job["pairs"] for job in split.jobs] == [60, 60, 60]
    assert leaderboard(jobs[::-1], Asked()).fit.clusters == 60


def test_the_matrix_says_who_met_and_agrees_with_the_strengths():
    sheet, items = round_robin(40)
    jobs = [part(sheet, items, np.arange(start, 120, 3), f"job-{start}") for start in (0, 2)]  # large - small never
    board = leaderboard(jobs, Asked(anchor="small"))
    of = board.win_probabilities
    assert of.models == [line.model for line in board.models]
    i, j = of.models.index("large"), of.models.index("small")
    assert of.met[i][j] == 0
    middle = of.models.index("middle")
    assert of.met[i][middle] == of.met[middle][i] == of.met[middle][j] == 40
    assert strengths(board)["small"] == 0
    assert of.estimate[i][j] == pytest.approx(1 / (1 + np.exp(-strengths(board)["large"])))
    assert of.low[i][j] < of.estimate[i][j] < of.high[i][j]
    assert of.estimate[i][j] + of.estimate[j][i] == pytest.approx(1)


def test_a_pair_judged_twice_counts_once_and_in_the_first_job():
    sheet, items = round_robin(30)
    other, _ = round_robin(30, seed=2)
    first, second = an_entrant(sheet, "first", items), an_entrant(other, "second", items)
    both, alone = leaderboard([first, second], Asked()), leaderboard([first], Asked())
    assert both.models == alone.models
    assert both.fit.pairs == 90
    assert [job["duplicates"] for job in both.jobs] == [0, 90]
    assert any(warning.startswith("90 pairs were judged in several jobs") for warning in both.warnings)
    assert leaderboard([second, first], Asked()).models == leaderboard([second], Asked()).models
    retraced = replace(second, pair=[key + b" sample 1" for key in second.pair])
    assert leaderboard([first, retraced], Asked()).fit.pairs == 180  # other traces: other pairs, the same clusters
    assert leaderboard([first, retraced], Asked()).fit.clusters == 30
    nameless = [replace(entrant, pair=[None] * 90) for entrant in (first, second)]
    assert leaderboard(nameless, Asked()).fit.pairs == 180


DIFFERENT = {
    "rubric": lambda e: replace(  # which changes the prompt, too: told once
        e, sheet=replace(e.sheet, rubric=e.sheet.rubric | {"hash": "77"}), templates={"overall": "ffff"}
    ),
    "prompt": lambda e: replace(e, templates={"overall": "ffff"}),
    "judges": lambda e: replace(e, sheet=replace(e.sheet, judges=(a_judge("judge-0", served_model="m-2"),))),
    "images": lambda e: replace(e, sheet=replace(e.sheet, judges=(a_judge("judge-0", images_sent=4),))),
    "policy": lambda e: replace(e, sheet=replace(e.sheet, policy=e.sheet.policy | {"name": "drop"})),
    "items": lambda e: replace(e, item=[b"x" + item for item in e.item]),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_jobs_that_differ_are_refused_by_name_and_fitted_as_strata_when_allowed(what):
    sheet, items = round_robin(30)
    rows = np.arange(90)
    one = part(sheet, items, rows[rows % 3 != 2], "one")
    two = DIFFERENT[what](part(sheet, items, rows[rows % 3 == 2], "two"))
    with pytest.raises(Conflict) as refused:
        leaderboard([one, two], Asked())
    (problem,) = refused.value.problems
    assert problem.field == what
    assert "one" in problem.reason
    assert "two" in problem.reason
    board = leaderboard([one, two], Asked(allow_mixed=True))
    assert board.strata is not None
    assert board.strata.groups == ["one", "two"]
    assert list(board.strata.differ) == [what]
    assert any("do not measure the same" in warning for warning in board.warnings)


def test_every_difference_is_named_and_sampling_and_revision_are_the_judge():
    sheet, items = round_robin(30)
    judges = (a_judge("judge-0", sampling={"temperature": 1}, served_as=("m-1-rev2",)),)
    changed = replace(sheet, judges=judges, policy=sheet.policy | {"name": "drop"})
    with pytest.raises(Conflict) as refused:
        leaderboard([an_entrant(sheet, "one", items), an_entrant(changed, "two", items)], Asked())
    assert [problem.field for problem in refused.value.problems] == ["judges", "policy"]
    assert "temperature 1" in refused.value.problems[0].reason
    assert "m-1-rev2" in refused.value.problems[0].reason
    assert "judges, policy" in refused.value.detail
    renamed = replace(sheet, judges=(a_judge("another name"),))
    assert leaderboard([an_entrant(sheet, "one", items), an_entrant(renamed, "two", items)], Asked()).fit.pairs == 90


def test_strata_are_tested_for_sharing_the_strengths():
    sheet, items = round_robin(150)
    turned, _ = round_robin(150, seed=3, names=MODELS[::-1])
    other = replace(turned, judges=(a_judge("judge-0", served_model="m-2"),))
    same, _ = round_robin(150, seed=4)
    same = replace(same, judges=other.judges)
    apart = leaderboard([an_entrant(sheet, "a", items), an_entrant(other, "b", items)], Asked(allow_mixed=True))
    agree = leaderboard([an_entrant(sheet, "a", items), an_entrant(same, "b", items)], Asked(allow_mixed=True))
    assert apart.strata.df == agree.strata.df == 2
    assert apart.strata.p < 1e-6 < agree.strata.p
    assert agree.fit.pairs == 900  # other judges: no pair is judged twice


def test_random_subsets_of_one_set_may_be_pooled():
    sheet, items = round_robin(40)
    one, two = part(sheet, items, np.arange(60), "one"), part(sheet, items, np.arange(30, 120), "two")
    with pytest.raises(Conflict):
        leaderboard([one, two], Asked())

    def told(entrant, words):
        return replace(entrant, sheet=replace(entrant.sheet, metadata={"items": words}))

    subset = "random subset of physics"
    assert leaderboard([told(one, subset), told(two, subset)], Asked()).fit.pairs == 120
    assert leaderboard([told(one, subset), told(two, "physics")], Asked()).fit.pairs == 120
    for words in (("physics", "physics"), (subset, "random subset of chemistry"), (subset, ""), ("physics", "x")):
        with pytest.raises(Conflict):
            leaderboard([told(one, words[0]), told(two, words[1])], Asked())
    with pytest.raises(Conflict):  # two wholes that differ are not one set, whatever else there is
        leaderboard([told(one, "physics"), told(two, "physics"), told(one, subset)], Asked())


def test_models_that_never_met_are_named():
    sheet, items = round_robin(20)
    other, _ = round_robin(20, names=("x", "y", "z"))
    with pytest.raises(NotComparable, match="large, middle, small; x, y, z"):
        leaderboard([an_entrant(sheet, "one", items), an_entrant(other, "two", items)], Asked())


def test_a_tag_keeps_only_the_pairs_that_have_it():
    sheet, items = round_robin(40)
    tags = {"modality": Tag.of((["CT"] * 60) + (["MR"] * 30) + [None] * 30)}
    entrant = an_entrant(replace(sheet, tags=tags), items=items)
    assert leaderboard([entrant], Asked(tag=("modality", "CT"))).fit.pairs == 60
    assert "only modality:CT" in leaderboard([entrant], Asked(tag=("modality", "CT"))).text
    for tag in (("modality", "PET"), ("organ", "lung")):
        with pytest.raises(Invalid, match="with this tag"):
            leaderboard([entrant], Asked(tag=tag))


def test_axes_are_the_jobs_primary_ones_unless_one_is_named():
    axes = {"overall": picks_of("AABB" * 5), "other": picks_of("BBBA" * 5)}
    one = an_entrant(a_sheet(axes), "one")
    two = an_entrant(replace(a_sheet(axes), primary_axis="other"), "two")
    with pytest.raises(Conflict) as refused:
        leaderboard([one, two], Asked(allow_mixed=True))
    assert refused.value.problems[0].field == "axis"
    board = leaderboard([one, two], Asked(axis="other"))
    assert board.models[0].model == "base"
    assert board.parameters["axis"] == "other"
    with pytest.raises(Invalid) as unknown:
        leaderboard([one, two], Asked(axis="style"))
    assert unknown.value.problems[0].field == "axis"


def test_davidson_ties_are_fitted_to_the_picks_of_the_pool_only():
    sheet, items = round_robin(60)
    one, two = an_entrant(sheet, "one", items), an_entrant(sheet, "two", items)
    alone, both = leaderboard([one], Asked(ties="davidson")), leaderboard([one, two], Asked(ties="davidson"))
    assert alone.fit.picks == both.fit.picks == 360
    assert alone.fit.tie_parameter > 0
    assert both.models == alone.models
    jobs = [part(sheet, items, np.arange(start, 180, 3), f"job-{start}") for start in range(3)]
    split = leaderboard(jobs, Asked(ties="davidson"))
    assert split.fit.effective_clusters == 60
    assert canonical(split.models) == canonical(alone.models)


def test_dropped_soft_pending_and_one_sided_records_are_told():
    sheet, items = round_robin(40)
    dropped = leaderboard([an_entrant(replace(sheet, policy=sheet.policy | {"name": "drop"}), items=items)], Asked())
    assert "inconsistent pairs not at all" in dropped.text
    assert any("pairs are not decided" in warning for warning in dropped.warnings)
    soft = leaderboard([an_entrant(replace(sheet, policy=sheet.policy | {"name": "average"}), items=items)], Asked())
    assert "strengths count verdicts, not scores" in soft.warnings
    pending = a_sheet(picks_of("AAB-"), outcomes=np.array([0, 0, 0, 0, 0, 0, -1, -1], np.int8).reshape(4, 1, 1, 2, 1))
    board = leaderboard([an_entrant(pending)], Asked())
    assert board.jobs[0]["pending"] == 2
    assert any(warning.startswith("preliminary: 2 units") for warning in board.warnings)
    unbeaten = leaderboard([an_entrant(a_sheet(picks_of("AAAAA")))], Asked())
    assert unbeaten.models[0].unbounded
    assert unbeaten.win_probabilities.low is None


@pytest.mark.parametrize("letters", ["-----", ""])
def test_nothing_decided_is_an_error_not_a_number(letters):
    picks = picks_of(letters) if letters else np.zeros((0, 1, 2, 1), np.int8)
    with pytest.raises(Invalid, match="no pair of two models is decided"):
        leaderboard([an_entrant(a_sheet(picks))], Asked())


def test_a_model_against_itself_is_no_pair_of_the_pool():
    sheet = a_sheet(picks_of("AABBT"), model_a=[0, 0, 0, 0, 0], model_b=[1, 1, 1, 1, 0])
    board = leaderboard([an_entrant(sheet)], Asked())
    assert board.fit.pairs == 4
    assert board.jobs[0]["same_model"] == 1


def test_names_that_repeat_are_told_apart_by_id():
    sheet, items = round_robin(10)
    twins = [an_entrant(sheet, "job", items, id="11111111-x"), an_entrant(sheet, "job", items, id="22222222-x")]
    assert [part.name for part in pool(twins, allow_mixed=False).parts] == ["job (11111111)", "job (22222222)"]
