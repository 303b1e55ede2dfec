"""Pages over a million judgments while another job is judged at full speed: server time as the API's log says it.

Everything is real: PostgreSQL, Valkey, an API process, a worker, the stub judge. One request at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from app.services.admin import create_key
from app.store.database import Database
from benchmarks.filled import fill
from tests.world.jobs import draft, start, stub_judge
from tests.world.pairs import pairs as made_up
from tests.world.world import World, world

PAIRS = 500_000
OTHER_PAIRS = 40_000  # judged meanwhile: must not end before the last page is asked for
CALLS, PICTURES, PIXELS = 40, 4, 1_024
TRACE = 6_000  # characters of a trace on a pair page
WARM_UP = 8.0  # seconds after its start in which an API imports what statistics need
PATIENCE = 120.0
GOAL_MS, GOAL_PAIR_MS, GOAL_BYTES = 150.0, 100.0, 300_000
ASSET = re.compile(r'(?:href|src)="(/dashboard/static/[^"]+\.(?:css|js)[^"]*)"')

_PICTURES = """
UPDATE items SET images = $2 WHERE id = (SELECT item_id FROM pairs WHERE job_id = $1 AND seq = 0)
"""
_TEXTS = """
UPDATE traces SET text = ($2::text[])[CASE WHEN traces.id = p.a_id THEN 1 ELSE 2 END]
FROM pairs p WHERE p.job_id = $1 AND p.seq = 0 AND traces.id IN (p.a_id, p.b_id)
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """Server time of one page in ms. `bytes`: of it and its styles and scripts, as sent; None where not asked."""

    what: str
    calls: int
    p50: float
    p95: float
    p99: float
    goal: float | None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Paged:
    """`per_second`: judgments a second of the other job meanwhile, and how many it had left at the end."""

    judgments: int
    pages: list[Timed]
    per_second: float
    left: int


def paged(pairs: int = PAIRS, other: int = OTHER_PAIRS) -> Paged:
    """Fill a World with a finished job of `pairs` pairs, judge another one, and ask for every page meanwhile."""
    settings = {"max_in_flight": "64", "shard_units": "512"}
    with tempfile.TemporaryDirectory() as directory, world(Path(directory), settings=settings, slots=256) as there:
        job = _filled(there, pairs)
        there.api.stop()
        there.restart_api()
        time.sleep(WARM_UP)
        busy = draft(there, made_up(other, words=390), stub_judge(there, name="busy", max_in_flight=64), name="at work")
        start(there, busy)
        began, before = time.perf_counter(), _judged(there, busy)
        with closing(_browser(there)) as client:
            pages = list(_all(there, client, job, busy))
        judged = _judged(there, busy)
        wall = time.perf_counter() - began
    assert judged < 2 * other, "the other job ended before the last page was asked for"
    return Paged(2 * pairs, pages, (judged - before) / wall, 2 * other - judged)


def _filled(there: World, pairs: int) -> str:
    """The finished job, with pictures on its first pair; from now on the World's client speaks for its project."""
    project, job = asyncio.run(fill(there.database.url, pairs))
    there.http.headers["Authorization"] = f"Bearer {asyncio.run(_key(there.database.url, project))}"
    pictures = [{"sha256": _picture(there, number)} for number in range(PICTURES)]
    number = there.sql("SELECT id FROM jobs WHERE public_id = $1::uuid", job)[0]["id"]
    there.sql(_PICTURES, number, json.dumps(pictures))
    prose = [next(made_up(1, words=900, seed=seed))["a"]["trace"][:TRACE] for seed in (1, 2)]
    there.sql(_TEXTS, number, prose)
    return job


async def _key(url: str, project: int) -> str:
    database = Database(url)
    try:
        return (await create_key(database, project, "bench", role="operator"))[1]
    finally:
        await database.close()


def _picture(there: World, number: int) -> str:
    content = io.BytesIO()
    Image.effect_noise((PIXELS, PIXELS), 40 + number).convert("RGB").save(content, "JPEG")
    found = hashlib.sha256(content.getvalue()).hexdigest()
    there.http.put(
        f"/images/{found}", content=content.getvalue(), headers={"Content-Type": "image/jpeg"}
    ).raise_for_status()
    return found


def _judged(there: World, job: str) -> int:
    progress = there.http.get(f"/jobs/{job}").raise_for_status().json()["progress"]
    return int(progress["done"] + progress["abstained"])


def _browser(there: World) -> httpx.Client:
    """A client with a session's cookie, that takes compressed answers as browsers do."""
    client = httpx.Client(base_url=there.url, trust_env=False, timeout=PATIENCE)
    token = there.http.headers["Authorization"].removeprefix("Bearer ")
    answer = client.post("/dashboard/sign-in", data={"key": token, "next": ""})
    assert answer.status_code == 303, answer.text
    return client


def _all(there: World, client: httpx.Client, job: str, busy: str) -> Iterator[Timed]:
    here = f"/dashboard/jobs/{job}"
    yield _page(there, client, "overview", "/dashboard", GOAL_MS)
    yield from _job_page(there, client, here)
    yield _page(there, client, "job page, other parameters kept", f"{here}?level=0.9", GOAL_MS, wait=True)
    yield _page(there, client, "job page of the job at work", f"/dashboard/jobs/{busy}", GOAL_MS)
    yield _page(there, client, "its progress fragment", f"/dashboard/jobs/{busy}/progress", None, weigh=False)
    yield _page(there, client, "pairs, all", f"{here}/pairs", None)
    yield _page(there, client, "pairs, orders disagree", f"{here}/pairs?axis=overall&stance=FLIP", None)
    yield _page(
        there, client, "pairs, by tag and verdict", f"{here}/pairs?axis=overall&verdict=A&tag=modality:CT", None
    )
    yield _page(there, client, f"pair page, {PICTURES} pictures", f"{here}/pairs/0", GOAL_PAIR_MS)
    yield from _labelling(there, client, job)


def _job_page(there: World, client: httpx.Client, here: str) -> Iterator[Timed]:
    """The first ever, then again and again while its numbers are made, then with them."""
    first = client.get(here).raise_for_status()
    yield _timed("job page, the first ever", [_milliseconds(there, first)], GOAL_MS)
    waiting, size, deadline = [], len(first.content), time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = client.get(here).raise_for_status()
        if len(answer.content) > 2 * size:  # the report is in it
            break
        waiting.append(_milliseconds(there, answer))
        time.sleep(0.1)
    if waiting:
        yield _timed("job page, numbers being made", waiting, GOAL_MS)
    yield _page(there, client, "job page, numbers kept", here, GOAL_MS)


def _labelling(there: World, client: httpx.Client, job: str) -> Iterator[Timed]:
    """A labeller's turn and answer over the API, which is what the page's script asks for, and the page itself."""
    made = there.http.post(f"/jobs/{job}/reviews", json={"title": "bench", "pairs": 500})
    assert made.status_code == 201, made.text
    review = made.json()["id"]
    turns, answers = [], []
    for _ in range(CALLS):
        turn = there.http.post(f"/queues/{review}/turn").raise_for_status()
        axes = [axis["name"] for axis in there.http.get(f"/queues/{review}").json()["axes"]]
        body = {"picks": dict.fromkeys(axes, "first"), "seconds": 12.0}
        answer = there.http.put(f"/queues/{review}/turns/{turn.json()['place']}", json=body).raise_for_status()
        turns.append(_milliseconds(there, turn))
        answers.append(_milliseconds(there, answer))
    yield _timed("a review is drawn", [_milliseconds(there, made)], None)
    yield _timed("labelling: the next pair", turns, None)
    yield _timed("labelling: an answer", answers, None)
    yield _page(there, client, "labelling page", f"/review/{review}", None)


def _page(
    there: World,
    client: httpx.Client,
    what: str,
    path: str,
    goal: float | None,
    *,
    wait: bool = False,
    weigh: bool = True,
) -> Timed:
    """`wait`: ask for it once and give what it starts in the background time to end."""
    if wait:
        client.get(path).raise_for_status()
        time.sleep(5.0)
    took = [_milliseconds(there, client.get(path).raise_for_status()) for _ in range(CALLS)]
    return replace(_timed(what, took, goal), bytes=_weight(client, path) if weigh else None)


def _weight(client: httpx.Client, path: str) -> int:
    """Bytes on the wire of a page and of the styles and scripts it names."""
    page = client.get(path)
    parts = [page, *(client.get(found.replace("&amp;", "&")) for found in set(ASSET.findall(page.text)))]
    return sum(part.num_bytes_downloaded for part in parts)


def _milliseconds(there: World, answer: httpx.Response) -> float:
    """What the API's access log says of this answer: the line may follow the answer by a moment."""
    wanted = answer.headers["x-request-id"]
    return _eventually(lambda: _logged(there.api.log, wanted))


def _logged(log: Path, wanted: str) -> float | None:
    tail = 200_000
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - tail))
        for line in file:
            if wanted.encode() in line and b'"request.done"' in line:
                found: dict[str, Any] = json.loads(line)
                return float(found["ms"])
    return None


def _eventually(look: Callable[[], float | None]) -> float:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.002)
    raise AssertionError("the API's log has no line for a request")


def _timed(what: str, took: list[float], goal: float | None) -> Timed:
    cuts = statistics.quantiles(took, n=100, method="inclusive") if len(took) > 1 else [took[0]] * 99
    return Timed(what, len(took), cuts[49], cuts[94], cuts[98], goal)
