"""The sample pairs: what is committed is what the scripts make, and it shows what the demo needs to show."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.domain.trace import correctness, names_a_model
from examples import make_images, make_pairs, split_pairs

EXAMPLES = Path(make_pairs.__file__).parent
GRADED = Path(__file__).parents[1] / "data" / "graded_traces.jsonl"


@pytest.fixture(scope="module")
def pairs() -> list[dict]:
    return [json.loads(line) for line in (EXAMPLES / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def graded() -> list[dict]:
    return [json.loads(line) for line in GRADED.read_text(encoding="utf-8").splitlines()]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image, int)


def test_the_committed_file_is_what_the_script_makes():
    committed = (EXAMPLES / "pairs.jsonl").read_text(encoding="utf-8")
    assert make_pairs.as_lines() == committed
    assert len(committed) < 1_000_000


def test_the_committed_images_are_what_the_script_makes(tmp_path):
    make_images.write(tmp_path)
    names = sorted(path.name for path in make_images.IMAGES.iterdir())
    assert names == sorted(make_images.RECIPES)
    for name in names:
        made, committed = pixels(tmp_path / name), pixels(make_images.IMAGES / name)
        assert made.shape == committed.shape
        # JPEG decoders and resampling on other processors may round differently.
        assert np.abs(made - committed).mean() < 2


def test_images_are_small():
    for path in make_images.IMAGES.iterdir():
        assert path.stat().st_size < 60_000
        assert max(pixels(path).shape) <= 384


def test_sixteen_pairs_over_four_modalities(pairs):
    assert Counter(pair["item"]["tags"]["modality"] for pair in pairs) == {
        "CT": 4,
        "MR": 4,
        "retina": 4,
        "histology": 4,
    }
    assert len({pair["item"]["id"] for pair in pairs}) == 16
    assert len({pair["item"]["cluster"] for pair in pairs}) >= 8


def test_pairs_about_one_image_share_a_cluster(pairs):
    clusters = {(pair["item"]["cluster"], pair["item"]["images"][0]["data"]) for pair in pairs}
    assert len(clusters) == len({cluster for cluster, _ in clusters}) == len({image for _, image in clusters})


def test_no_trace_names_a_model_and_no_two_are_equal(pairs):
    models = tuple({pair[side]["model"] for pair in pairs for side in "ab"})
    traces = [pair[side]["trace"] for pair in pairs for side in "ab"]
    assert set(models) == {"tuned-7b", "base-7b"}
    assert not [trace for trace in traces if names_a_model(trace, models)]
    assert len(set(traces)) == 32


def test_traces_are_short_enough_for_a_small_judge(pairs):
    assert max(len(pair[side]["trace"].split()) for pair in pairs for side in "ab") <= 130


def test_every_answer_is_one_of_the_options(pairs):
    for pair in pairs:
        answers = {pair["item"]["answer"], pair["a"]["answer"], pair["b"]["answer"]}
        assert answers <= set(pair["item"]["options"])


def test_every_stratum_of_correctness_is_there(pairs):
    strata = Counter(
        tuple(correctness(pair["item"]["answer"], pair[side]["answer"]) for side in "ab") for pair in pairs
    )
    assert strata == {(True, False): 9, (False, True): 2, (True, True): 4, (False, False): 1}


def test_the_longer_trace_is_on_either_side(pairs):
    longer = sum(len(pair["a"]["trace"]) > len(pair["b"]["trace"]) for pair in pairs)
    assert 4 <= longer <= 12


def test_a_graded_file_becomes_two_traces_files(graded, tmp_path, capsys):
    assert split_pairs.main(GRADED, tmp_path / "a.jsonl", tmp_path / "b.jsonl") == 0
    assert "0 labels disagree" in capsys.readouterr().out
    for side in "ab":
        lines = [json.loads(line) for line in (tmp_path / f"{side}.jsonl").read_text("utf-8").splitlines()]
        assert [line["item"]["id"] for line in lines] == [pair["pair_id"] for pair in graded]
        assert {line["model"] for line in lines} == {f"side-{side}"}
        found = [correctness(line["item"]["answer"], line["answer"]) for line in lines]
        assert found == [pair[f"{side}_correct"] for pair in graded]


def test_the_answer_line_leaves_the_trace(graded):
    first, second = split_pairs.traces(graded[0])
    assert first["item"] == second["item"]
    assert graded[0]["trace_a"].endswith("\nA: " + first["answer"])
    assert "A:" not in first["trace"]


def test_a_wrong_label_is_reported(graded):
    wrong = {**graded[0], "a_correct": not graded[0]["a_correct"]}
    assert split_pairs.disagreements([wrong, graded[1]]) == [f"{wrong['pair_id']} a"]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("5,600", "5600"),
        (" $1,234.50 ", "1234.5"),
        ("30 dollars", "30"),
        ("-4", "-4"),
        ("0.75", "0.75"),
        (".5", "0.5"),
        ("5600.00", "5600"),
        ("", "no final answer"),
        ("none of them", "none of them"),
    ],
)
def test_numbers_are_written_one_way(written, plain):
    assert split_pairs.plain_number(written) == plain


def test_a_run_on_solution_has_no_final_answer():
    assert split_pairs.split_answer("4 / 12 = 0.3333") == ("4 / 12 = 0.3333", "no final answer")
