"""A whole service with example data that looks like real work: what `./run screenshots` photographs."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, cycle, islice
from pathlib import Path
from typing import Any

from tests.stub_judge.handle import StubJudge
from tests.stub_judge.verdicts import Opinion
from tests.world.jobs import draft, start, wait_for_end
from tests.world.pairs import pairs
from tests.world.world import World, world

SAMPLES = Path(__file__).parents[1] / "examples" / "pairs.jsonl"
SHOWN = "ct-bright-vessel"  # the pair that is photographed
MODELS = ("tuned-7b", "base-7b")
ALL_MODELS = ("tuned-32b", "tuned-7b", "other-8b", "base-7b")  # the first of two is the stronger one
AXES = ("perception", "medical_knowledge", "rationale", "overall")
WEIGHTY = ("overall", "overall")
SYNTHETIC, RANKED, AT_WORK = 320, 480, 1_500
REVIEWED, LABELLED = 120, (46, 31)
# How often the stronger trace of two is the first model's, and how often people agree with what made it strong.
BETTER, AGREED = 0.86, 0.86
WAIT = 600.0

# What the judge says of the pair that is photographed, by axis: who wins with that trace first, and with it second.
SAID = {
    "perception": (
        "FIRST", "SECOND",
        "Places the bright circle beside the vertebral body. The other takes white for air, which on CT is black.",
    ),
    "medical_knowledge": (
        "FIRST", "SECOND",
        "Site, calibre and contrast of the aorta are right; the other mixes up the grey of air and of bone.",
    ),
    "rationale": (
        "FIRST", "TIE",
        "Each option is weighed and the last one left is chosen. The other trace repeats its conclusion as its reason.",
    ),
    "overall": (
        "FIRST", "SECOND",
        "Right structure, right reasons, and steps another reader can check on the picture.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """Ids and keys of what is there. `pair`: the number of the pair that is photographed."""

    there: World
    job: str
    ranked: str
    at_work: str
    other: str
    pair: int
    review: str
    labeller: str


@contextmanager
def example_stack(directory: Path) -> Iterator[Example]:
    """Start it; on exit every process of it is gone."""
    with (
        world(directory, slots=32, position_pull=0.3, tie_band=0.3) as there,
        StubJudge.start(position_pull=0.9, tie_band=0.7, model="mistral-24b") as second,
        StubJudge.start(slots=3, latency="0.5-1.5", position_pull=1.2, tie_band=0.1, model="glm-106b") as slow,
    ):
        yield _filled(there, second, slow)


def _filled(there: World, second: StubJudge, slow: StubJudge) -> Example:
    samples = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    there.judge.script(*_rules(samples))
    steady = {"name": "qwen-72b", "url": there.judge.url, "served_model": "stub-judge", "max_in_flight": 8}
    other = {"name": "mistral-24b", "url": second.url, "served_model": "mistral-24b", "max_in_flight": 8}
    busy = {"name": "glm-106b", "url": slow.url, "served_model": "glm-106b", "max_in_flight": 4}
    for judge in (steady, other, busy):
        there.http.post("/judges", json=judge).raise_for_status()
    _say("a job on the sample pairs and made-up ones")
    job = _run(there, [*samples, *_made_up(SYNTHETIC, cycle([MODELS]))], "qwen-72b", "tuned-7b against base-7b")
    _say("some of the same pairs by another judge")
    again = _run(
        there, [*samples, *_made_up(SYNTHETIC // 2, cycle([MODELS]))], "mistral-24b", "second judge, half the pairs"
    )
    _say("four models")
    ranked = _run(
        there, list(_made_up(RANKED, cycle(combinations(ALL_MODELS, 2)), 9)), "qwen-72b", "four models, spring"
    )
    review, labeller = _reviewed(there, job)
    _say("a job that is still at work")
    at_work = draft(there, _made_up(AT_WORK, cycle([MODELS]), 11), "glm-106b", name="night run, third judge")
    start(there, at_work)
    rows = there.http.get(f"/jobs/{job}/pairs?limit=1000").raise_for_status().json()["items"]
    number = next(row["seq"] for row in rows if row["item"] == SHOWN)
    return Example(there, job, ranked, at_work, again, number, review, labeller)


def _run(there: World, documents: list[dict[str, Any]], judge: str, name: str) -> str:
    job = draft(there, documents, judge, name=name)
    start(there, job)
    wait_for_end(there, job, WAIT)
    return job


def _rules(samples: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The stub's replies on the photographed pair, in both orders; known by the trace that stands first."""
    pair = next(pair for pair in samples if pair["item"]["id"] == SHOWN)
    for place, side in enumerate("ab"):
        content = {axis: {"reason": said[2], "verdict": said[place]} for axis, said in SAID.items()}
        yield {"match": {"contains": "first trace]\n" + pair[side]["trace"][:60]}, "content": json.dumps(content)}


def _made_up(count: int, meetings: Iterator[tuple[str, ...]], seed: int = 4) -> Iterator[dict[str, Any]]:
    """Pairs of which the first model more often has the trace that the stub judge will find strong."""
    source = random.Random(seed)  # noqa: S311 - the same every time
    made = pairs(count, words=55, seed=seed)
    for pair, (a, b) in zip(made, islice(meetings, count), strict=True):
        pair["a"]["model"], pair["b"]["model"] = a, b
        better = _strength(pair["a"]["trace"], pair["a"]["answer"]) > _strength(pair["b"]["trace"], pair["b"]["answer"])
        if better != (source.random() < BETTER):
            for what in ("trace", "answer"):
                pair["a"][what], pair["b"][what] = pair["b"][what], pair["a"][what]
        yield pair


def _strength(text: str, answer: str) -> float:
    """What the stub will think of a trace, above all on `overall`: it reads the final answer with it."""
    shown = f"{text}\n\nFinal answer: {answer}"
    return sum(Opinion().strength(shown, axis) for axis in (*AXES, *WEIGHTY))


def _reviewed(there: World, job: str) -> tuple[str, str]:
    """A review of which two people have done a good part; its id and the key of the second of them."""
    _say("a review")
    body = {"title": "Radiologists, first round", "pairs": REVIEWED}
    review = there.http.post(f"/jobs/{job}/reviews", json=body).raise_for_status().json()["id"]
    token = ""
    for name, count in zip(("dr-almeida", "dr-berger"), LABELLED, strict=True):
        made = there.http.post("/keys", json={"name": name, "role": "labeller"}).raise_for_status()
        token = made.json()["key"]
        _label(there, review, token, count)
    return review, token


def _label(there: World, review: str, token: str, count: int) -> None:
    source = random.Random(count)  # noqa: S311
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(count):
        turn = there.http.post(f"/queues/{review}/turn", headers=headers).raise_for_status().json()
        strengths = [_strength(turn[place]["text"], turn[place]["answer"]) for place in ("first", "second")]
        stronger = strengths[0] > strengths[1]
        said = "first" if stronger == (source.random() < AGREED) else "second"
        picks = {axis: source.choices((said, "tie"), (0.85, 0.15))[0] for axis in AXES}
        answer = {"picks": picks, "seconds": round(source.lognormvariate(3.6, 0.5), 1)}
        place = f"/queues/{review}/turns/{turn['place']}"
        there.http.put(place, json=answer, headers=headers).raise_for_status()


def _say(what: str) -> None:
    print(f"screenshots: {what}", flush=True)
