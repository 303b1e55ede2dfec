"""`demo`: the whole walk on the sample pairs, with a real small judge on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import typer

import app
from app.cli import options, results
from app.cli.connection import connected_or_own
from app.cli.launch import launch
from app.cli.out_files import Folder
from app.cli.progress import conclude, duration, follow, stop_if_paused
from app.cli.submit import settled_lines
from app.cli.terminal import out as console
from app.cli.terminal import print_json, say
from app.client import Client
from app.domain.errors import Unavailable
from app.domain.job import JobStatus
from app.embedded import local_judge
from app.embedded.files import kept_secret
from app.embedded.home import Home
from app.embedded.ports import free_port, is_free
from app.embedded.service import Service
from app.reports import numbers
from app.settings import Settings
from app.wire.jobs import JobOut

SAMPLES = Path(app.__file__).resolve().parents[1] / "examples" / "pairs.jsonl"
NAME = "demo"
UNSEEN = "Images not seen by this judge."
FAREWELL = "What was started stops now; the job is kept and goes on with the next\n  tracejudge demo"
UNFINISHED = (JobStatus.RUNNING, JobStatus.PAUSED, JobStatus.PREPARING)


def demo(out: Folder = None, as_json: options.Json = False) -> None:
    """Judge the sample pairs, with their images, by a small language model on this machine's CPU.

    Uses the stack that runs in TRACEJUDGE_HOME, or starts one and stops it again.
    """
    began = time.monotonic()
    if not SAMPLES.exists():
        raise Unavailable(f"the sample pairs are not there ({SAMPLES}): run the demo from a checkout")
    settings = Settings().model_copy(update={"url": None})  # a server elsewhere could not reach our judge
    home = Home(settings.home)
    say("Starting the judge (SmolLM2-135M on this machine's CPU) ...")
    with (
        running_judge(home) as judge,
        connected_or_own(settings) as (client, server),
    ):
        job = job_of(client, judge.url)
        say(f"Judging after {duration(time.monotonic() - began)}; the API is at {server.url}")
        job = follow(client, job.id, farewell=FAREWELL)
        stop_if_paused(job)
        files = results.save(client, job.id, out or results.directory_for(NAME))
    tell(job, files, time.monotonic() - began, as_json=as_json)
    conclude(job)


@contextmanager
def running_judge(home: Home) -> Iterator[Service]:
    """The judge, for the length of the block."""
    judge = local_judge.prepare(home.log("judge"), judge_port(home))
    judge.start()
    try:
        yield judge
    finally:
        judge.stop()


def judge_port(home: Home) -> int:
    """The same port at every demo, so that a job which was interrupted finds its judge again."""
    port = int(kept_secret(home.directory / "judge_port", lambda: str(free_port())))
    return port if is_free(port) else free_port()


def job_of(client: Client, judge_url: str) -> JobOut:
    """The demo that was interrupted before, where its judge is the same; else a new one."""
    for job in client.jobs():
        if job.name == NAME and job.status in UNFINISHED:
            if client.get_judge(job.judges[0]).urls == [judge_url]:
                say("Going on with the demo that was interrupted.")
                return gone_on(client, job)
            client.cancel(job.id)
    return launch(client, new_job(judge_url), list(settled_lines(SAMPLES, client)))


def gone_on(client: Client, job: JobOut) -> JobOut:
    """The job, running again: its judge was away and may have been given up."""
    client.resume_judge(job.judges[0])
    return client.resume(job.id) if job.status is JobStatus.PAUSED else job


def new_job(judge_url: str) -> dict[str, Any]:
    """One axis, because this judge answers one axis a call; `debias` is shown beside `half` in the report."""
    judge = {
        "name": local_judge.SERVED_MODEL,
        "url": judge_url,
        "served_model": local_judge.SERVED_MODEL,
        "method": "logprobs",
        "sees_images": False,
        "max_in_flight": 2,  # one is answered, one waits: the server has a single slot
        "family": "SmolLM2",
    }
    return {"name": NAME, "judges": [judge], "rubric": "reasoning-trace", "axes": ["overall"], "policy": "half"}


def tell(job: JobOut, files: Mapping[str, Path], seconds: float, *, as_json: bool) -> None:
    """The results, and what they mean."""
    report = orjson.loads(files["json"].read_bytes())
    if as_json:
        paths = {name: str(file) for name, file in files.items()}
        print_json({"id": job.id, "status": job.status, "seconds": seconds, "files": paths, "report": report})
        return
    results.show(report)
    say(to=console)
    for line in story(report["results"]):
        say(line, to=console)
    results.show_files(files)
    say(f"The demo took {duration(seconds)}. Your own traces: tracejudge compare --help", to=console)


def story(found: Mapping[str, Any]) -> list[str]:
    """What there is to see, in three lines made of the report's own numbers."""
    position = next(iter(found["position"]), None)
    if position is None or found["headline"] is None:
        return []
    rates = {
        line["policy"]: numbers.rate(results.rate_of(line["win_rate"]))
        for line in found["policies"]
        if line["win_rate"]
    }
    disagree = f"{position['flips'] + position['partials']} of {found['headline']['win_rate']['n_pairs']} pairs"
    return [
        f"Of two traces this tiny judge picked the first in {numbers.share(position['first_share'])} calls.",
        f"So its two orders disagree on {disagree}, and plain verdicts say little: win rate {rates.get('half')}.",
        f"With that pull cancelled (policy debias) its log-probabilities say: {rates.get('debias')}. {UNSEEN}",
    ]


def register(commands: typer.Typer) -> None:
    """Add the command to a command line."""
    commands.command(epilog="Example:  tracejudge demo --out my-first-report")(demo)
