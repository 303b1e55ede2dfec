"""What the browser tests look at: jobs with texts, pictures and tags, a review, and people with their links."""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from tests.e2e.browser import hostile
from tests.world.jobs import draft, start, stub_judge, wait_for_end
from tests.world.pairs import pairs
from tests.world.world import World

JUDGE = "stub-72b"
AXES = ["rationale", "overall"]
PAIRS, REVIEWED, LABELLED_BEFORE = 80, 60, 40
SLOW, SILENT = "SLOWLY", "SILENT"  # words in a question that the stub judge heeds: waits, gives no verdict
DELAY = 0.25


@dataclass(frozen=True)
class Seeded:
    """Ids and keys. `done`, `hostile`, `reviewed`: finished jobs; `pictured`, `silent`, `alike`: numbers of pairs of
    `done` with four pictures, without a verdict, and with traces that differ in one word. `labeller` has done nothing
    yet.
    """

    done: str
    hostile: str
    reviewed: str
    pictured: int
    silent: int
    alike: int
    labeller: str


@dataclass(frozen=True)
class Planned:
    """A small review of the job `done`, of which `labeller` has done one pair."""

    review: str
    labeller: str


def seed(there: World) -> Seeded:
    """Two judges, three finished jobs and a labeller."""
    there.judge.script(*RULES, *hostile.RULES)
    for name in (JUDGE, hostile.JUDGE):
        added = there.http.post("/judges", json=stub_judge(there, name=name))
        assert added.status_code == 201, added.text
    jobs = [
        draft(there, documents(), JUDGE, name="tuned against base", axes=AXES),
        draft(there, hostile.documents(), hostile.JUDGE, name=hostile.NAME, axes=AXES),
        draft(there, pairs(REVIEWED, seed=5, models=("tuned-7b", "base-7b")), JUDGE, name="to review", axes=AXES),
    ]
    for job in jobs:
        start(there, job)
    for job in jobs:
        wait_for_end(there, job, 60)
    numbers = {row["item"]: row["seq"] for row in there.http.get(f"/jobs/{jobs[0]}/pairs?limit=100").json()["items"]}
    return Seeded(*jobs, pictured=numbers["q0"], silent=numbers["q5"], alike=numbers["q6"], labeller=key(there, "bob"))


def plan(there: World, seed: Seeded) -> Planned:
    token = key(there, "carol")
    made = review(there, seed.done, pairs=4)
    label(there, made, token, 1)
    return Planned(made, token)


RULES = (
    {"match": {"contains": SILENT}, "content": "I like both of them."},
    {"match": {"contains": SLOW}, "delay": DELAY},
)


def documents(count: int = PAIRS) -> Iterator[dict[str, Any]]:
    """Pairs of which the first has four pictures, the next three one each, the sixth no verdict, and the seventh
    traces that differ in one word.
    """
    for number, pair in enumerate(pairs(count, words=60, models=("tuned-7b", "base-7b"))):
        if number < 4:
            shown = range(4) if number == 0 else (number,)
            pair["item"]["images"] = [{"data": picture(which)} for which in shown]
        if number == 5:
            pair["item"]["question"] += f" {SILENT}"
        if number == 6:
            pair["a"]["trace"] += " So it is sharp."
            pair["b"]["trace"] = pair["a"]["trace"].replace("sharp", "blurred")
        yield pair


def slow_documents(count: int) -> Iterator[dict[str, Any]]:
    """Pairs the stub judge takes its time for."""
    for pair in pairs(count, seed=7, models=("tuned-7b", "base-7b")):
        pair["item"]["question"] += f" {SLOW}"
        yield pair


def running(there: World, count: int = 40) -> str:
    """A draft that will run for some seconds once it is started."""
    return draft(there, slow_documents(count), JUDGE, name="a job at work", axes=AXES)


def picture(number: int) -> str:
    """A small picture as a data URI, another for each number."""
    drawn = Image.new("L", (96, 96), 30 + 40 * number)
    ImageDraw.Draw(drawn).ellipse((20, 20, 60 + 8 * number, 70), fill=220)
    content = io.BytesIO()
    drawn.save(content, "PNG")
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def key(there: World, name: str, role: str = "labeller", **more: Any) -> str:
    """A new key's token."""
    made = there.http.post("/keys", json={"name": name, "role": role, **more})
    assert made.status_code == 201, made.text
    token: str = made.json()["key"]
    return token


def review(there: World, job: str, **more: Any) -> str:
    """A review of random pairs of the job; its id."""
    made = there.http.post(f"/jobs/{job}/reviews", json={"title": "First round", **more})
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


def label(there: World, queue: str, token: str, count: int, seed: int = 3) -> None:
    """Label so many pairs over the API, as this labeller: mostly the longer trace, so that people agree a little."""
    source = random.Random(seed)
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(count):
        turn = there.http.post(f"/queues/{queue}/turn", headers=headers)
        assert turn.status_code == 200, turn.text
        said = turn.json()
        longer = "first" if len(said["first"]["text"]) > len(said["second"]["text"]) else "second"
        picks = {axis: source.choice([longer, longer, "tie", "first"]) for axis in AXES}
        body = {"picks": picks, "seconds": 12.5}
        answered = there.http.put(f"/queues/{queue}/turns/{said['place']}", json=body, headers=headers)
        assert answered.status_code == 200, answered.text
