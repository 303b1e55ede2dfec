"""A made-up but realistic job, drawn from a seed: what docs/example-report.* and their test are rendered from.

Three medical vision-language models, 240 items in clusters, two judges of which one leans to the first trace, a few
losses, known answers, lengths, and two people who labelled 80 pairs drawn at random. No model of these names exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Outcome, Pick
from app.domain.order import Order
from app.reports.build import build
from app.reports.report import Report
from app.reports.sheet import NOT_PLANNED, AxisPicks, JudgeFacts, Labels, Parameters, Sheet

Array = npt.NDArray[Any]
SEED = 20260117
CLUSTERS, ITEMS, LABELLED = 96, 240, 80
MODELS = ("lumen-8b-tuned", "lumen-8b", "corvus-7b")
MEETINGS = ((0, 1), (0, 2), (1, 2))
TIED_WITHIN, UNSURE = 0.25, 0.03  # what a person calls a tie; how often one cannot tell
MODALITIES = ("radiology", "histology", "dermoscopy")
# Quality of each model on each axis, and what tuning adds in each modality.
AXES = {
    "overall": (0.35, 0.0, 0.20),
    "perception": (0.10, 0.0, 0.45),
    "medical_knowledge": (0.30, 0.0, -0.30),
    "rationale": (0.50, 0.0, 0.05),
}
GAIN = (0.45, 0.0, -0.40)
RIGHT, LONGER, HALO = 1.7, 0.6, 0.5


@dataclass(frozen=True, slots=True)
class _Voice:
    """How a made-up judge speaks: pull to the first position (nats), noise of an answer, width of a tie."""

    sharpness: float
    pull: float
    noise: float
    tie: float


VOICES = (_Voice(1.1, 0.20, 0.75, 0.60), _Voice(0.9, 0.50, 0.80, 0.30))
JUDGES = (
    JudgeFacts(
        name="panel-72b",
        served_model="made-up-vl-72b",
        method="json",
        sees_images=True,
        sampling={"temperature": 0.0, "max_tokens": 4096},
        family="made-up",
        images_sent=1431,
        served_as=("made-up-vl-72b",),
    ),
    JudgeFacts(
        name="token-32b",
        served_model="made-up-vl-32b",
        method="logprobs",
        sees_images=True,
        sampling={"temperature": 0.0, "max_tokens": 1},
        family="made-up",
        images_sent=5748,
        served_as=(),
        logprob_kind="raw",
        censored=4,
    ),
)
ENVELOPE = {
    "job": {
        "id": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10",
        "name": "example (made up)",
        "status": "completed_with_failures",
    },
    "as_of": "2026-01-17T12:00:00+00:00",
    "software": {"name": "tracejudge", "version": "0.1.0"},
    "times": {
        "created_at": "2026-01-17T09:00:00+00:00",
        "started_at": "2026-01-17T09:02:00+00:00",
        "finished_at": "2026-01-17T11:31:00+00:00",
    },
    "usage": {"calls": 7204, "prompt_tokens": 31_480_112, "completion_tokens": 1_204_388},
}
PARAMETERS = Parameters(control="length", margin=0.1)


def example() -> Report:
    """The report of the made-up job; the same on every machine."""
    return build(sheet(), PARAMETERS)


def sheet() -> Sheet:
    """720 pairs: every two models on every item, in an order of clusters that the seed fixes."""
    draw = np.random.default_rng(SEED)
    of_item = np.sort(np.concatenate([np.arange(CLUSTERS), draw.integers(0, CLUSTERS, ITEMS - CLUSTERS)]))
    modality = draw.choice(len(MODALITIES), CLUSTERS, p=(0.4, 0.33, 0.27))[of_item]
    length = np.exp(draw.normal(7.2, 0.35, (ITEMS, len(MODELS))) + np.array([0.15, 0.0, 0.1])).astype(int)
    right = (draw.random((ITEMS, len(MODELS))) < np.array([0.68, 0.58, 0.60])).astype(np.int8)
    item, a, b = np.repeat(np.arange(ITEMS), len(MEETINGS)), *np.tile(np.array(MEETINGS), (ITEMS, 1)).T
    better = _better(draw, of_item, modality, length, right)
    lean = {axis: value[item, a] - value[item, b] for axis, value in better.items()}
    picks, outcomes = _judged(draw, lean, length[item, a] + length[item, b])
    tags = {
        "modality": np.array(MODALITIES, object)[modality[item]],
        "source": np.array(("textbook", "ward"), object)[(of_item % 2)[item]],
    }
    return Sheet(
        models=MODELS,
        model_a=a,
        model_b=b,
        cluster=of_item[item],
        right_a=right[item, a],
        right_b=right[item, b],
        tags=tags,
        length_a=length[item, a],
        length_b=length[item, b],
        has_images=np.ones(len(item), bool),
        leaks=np.zeros(len(item), bool),
        judges=JUDGES,
        orders=(Order.AB, Order.BA),
        repeats=1,
        axes=tuple(AXES),
        axis_titles={axis: axis.replace("_", " ").capitalize() for axis in AXES},
        image_axes=frozenset({"perception"}),
        picks=picks,
        outcomes=outcomes,
        primary_axis="overall",
        policy={"name": "half", "epsilon": 0.0, "quorum": 1},
        rubric={"name": "reasoning-trace", "version": 1, "hash": "5d" * 32},
        seed=SEED,
        judges_saw_answers=True,
        judges_saw_reference=False,
        prompt_hash="c4" * 32,
        envelope=ENVELOPE,
        labels={"overall": _labels(draw, lean["overall"], (a == 0) & (b == 1))},
        labellers=("reader-1", "reader-2"),
    )


def _better(
    draw: np.random.Generator, of_item: Array, modality: Array, length: Array, right: Array
) -> dict[str, Array]:
    """Axis -> float (items, models): how good a trace looks; clusters and axes of one item go together."""
    shape = length.shape
    shared = draw.normal(0, 0.45, (CLUSTERS, len(MODELS)))[of_item] + HALO * draw.normal(0, 1, shape)
    shared += RIGHT * right + LONGER * np.log(length / length.mean())
    shared[:, 0] += np.array(GAIN)[modality]
    return {axis: shared + np.array(quality) + draw.normal(0, 0.4, shape) for axis, quality in AXES.items()}


def _judged(draw: np.random.Generator, lean: dict[str, Array], length: Array) -> tuple[dict[str, AxisPicks], Array]:
    """Picks by axis, and outcomes: the first judge answers all axes in one call, the second one axis a call."""
    shape = (len(length), len(VOICES), 2, 1)
    outcomes = np.full((shape[0], shape[1], len(AXES), *shape[2:]), Outcome.JUDGED, np.int8)
    outcomes[:, 0, 1:] = NOT_PLANNED
    outcomes[np.argsort(length)[-3:], 0, 0] = Outcome.CONTEXT_LENGTH
    outcomes[np.argsort(length)[-3:], 1] = Outcome.CONTEXT_LENGTH
    for judge, outcome, units in (
        (0, Outcome.UNPARSEABLE, 6),
        (1, Outcome.LOW_MASS, 9),
        (0, Outcome.ENDPOINT_ERROR, 2),
    ):
        groups = 1 if judge == 0 else len(AXES)
        at = draw.integers(0, (shape[0], groups, 2), (units, 3))
        outcomes[at[:, 0], judge, at[:, 1], at[:, 2], 0] = outcome
    picks = {}
    for number, (axis, value) in enumerate(lean.items()):
        odds = np.stack([_odds(draw, voice, value) for voice in VOICES], axis=1)[..., None]
        ties = np.array([voice.tie for voice in VOICES])[:, None, None]
        said = np.where(np.abs(odds) < ties, Pick.TIE, np.where(odds > 0, Pick.FIRST, Pick.SECOND)).astype(np.int8)
        lost = np.stack([outcomes[:, 0, 0], outcomes[:, 1, number]], axis=1) != Outcome.JUDGED
        said[lost], odds[lost] = 0, np.nan
        odds[:, 0] = np.nan  # a judge that answers in JSON tells no probabilities
        picks[axis] = AxisPicks(said, odds.astype(np.float32))
    return picks, outcomes


def _odds(draw: np.random.Generator, voice: _Voice, lean: Array) -> Array:
    """(pairs, 2) log P(FIRST)/P(SECOND) in the orders AB and BA."""
    towards_a = voice.sharpness * lean + draw.normal(0, 0.4, len(lean))
    both = np.stack([towards_a, -towards_a], axis=1)
    return both + voice.pull + draw.normal(0, voice.noise, both.shape)


def _labels(draw: np.random.Generator, lean: Array, among: Array) -> Labels:
    """Both people label each of the pairs drawn; now and then one cannot tell."""
    pairs = np.flatnonzero(among)
    drawn = np.sort(draw.choice(pairs, LABELLED, replace=False))
    felt = 1.4 * np.tile(lean[drawn], 2) + draw.normal(0, 0.9, 2 * LABELLED)
    score = np.where(np.abs(felt) < TIED_WITHIN, 0.5, (felt > 0).astype(float))
    score[draw.random(len(score)) < UNSURE] = np.nan
    return Labels(
        pair=np.tile(drawn, 2),
        labeller=np.repeat([0, 1], LABELLED),
        score=score,
        random=np.ones(len(score), bool),
        probability=np.full(len(score), LABELLED / len(pairs)),
    )
