"""`compare`: models' traces files in, a report out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app.cli import options, results
from app.cli.connection import connected_or_own, refusal
from app.cli.job_options import Endpoint, axes_of, judges_of, metadata_of, new_job
from app.cli.joining import Joined, join
from app.cli.launch import launch
from app.cli.out_files import Folder
from app.cli.pictures import Pictures
from app.cli.progress import GOES_ON, STOPS_WITH_US, conclude, follow, stop_if_paused
from app.cli.rows import Columns
from app.cli.terminal import counted, err, in_one_line, print_json, say
from app.cli.traces_files import read_traces
from app.client import Client, ProblemError
from app.domain.errors import Problem, TraceJudgeError
from app.settings import Settings
from app.wire.jobs import JobOut

MOST_NAMED = 10

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="Traces files: .jsonl, .json, .csv, .parquet."),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="OURS=THEIRS,...",
        help="Names of your columns, e.g. trace=reasoning,item.id=qid; repeatable.",
    ),
]


def compare(
    files: Files,
    *,
    judge: options.Judges = None,
    judge_url: options.JudgeUrl = None,
    judge_model: options.JudgeModel = None,
    judge_key_env: options.KeyEnv = None,
    method: options.Method = "json",
    no_images: options.NoImages = False,
    max_in_flight: options.MaxInFlight = 64,
    timeout: options.Timeout = 120.0,
    temperature: options.Temperature = None,
    rubric: options.Rubric = options.DEFAULT_RUBRIC,
    axes: options.Axes = None,
    policy: options.Policy = "half",
    repeats: options.Repeats = 1,
    seed: options.Seed = 0,
    name: options.Name = None,
    metadata: options.Metadata = None,
    columns: Map = None,
    out: Folder = None,
    as_json: options.Json = False,
) -> None:
    """Compare models by their traces: join the files by item id into pairs, judge every pair in both orders,
    and write the report.

    A line of a file is {"item": {"id": ..., "question": ...}, "trace": ..., "answer": ..., "sample": 0}. The model
    is the column `model`, else the file's name. Images: a data URI, a URL, or {"path": ...} beside the file.
    """
    endpoint = Endpoint(judge_url, judge_model, judge_key_env, method, no_images, max_in_flight, timeout, temperature)
    judges = judges_of(judge, endpoint)
    pictures = Pictures()
    joined = joined_files(files, Columns.parse(columns or ()), pictures)
    new = new_job(
        name=name or " vs ".join(joined.models)[:200],
        judges=judges,
        rubric=rubric,
        axes=axes_of(axes),
        policy=policy,
        repeats=repeats,
        seed=seed,
        metadata=metadata_of(metadata) | told(joined),
    )
    tell(joined)
    with connected_or_own(Settings()) as (client, server):
        job = start(client, new, joined, pictures)
        say(f"Job {job.id}: {job.progress.units:,} units; the API is at {server.url}")
        farewell = STOPS_WITH_US if server.own else GOES_ON
        job = follow(client, job.id, farewell=farewell.format(job=job.id))
        stop_if_paused(job)
        publish(client, job, out or results.directory_for(name or job.id), joined, as_json=as_json)
    conclude(job)


def joined_files(files: Sequence[Path], columns: Columns, pictures: Pictures) -> Joined:
    """All pairs of the files; columns nothing was made of are named."""
    found = read_traces(files, columns)
    if found.ignored:
        say(f"Not used: the columns {', '.join(found.ignored)} (--map gives columns our names).", style="yellow")
    return join(found.rows, pictures)


def tell(joined: Joined) -> None:
    """What will be compared, and what found no partner."""
    pairs, items = counted(len(joined.pairs), "pair"), counted(joined.items, "item")
    say(f"{pairs} of {items}: {in_one_line(', '.join(joined.models))}")
    for what, names in _without_partner(joined).items():
        if names:
            more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
            say(f"{len(names):,} {what}: {', '.join(names[:MOST_NAMED])}{more}", style="yellow")


def told(joined: Joined) -> dict[str, Any]:
    """The same for the job's metadata, so that it is known wherever the job is looked at."""
    return {
        what.replace(" ", "_"): {"count": len(names), "first": names[:MOST_NAMED]}
        for what, names in _without_partner(joined).items()
        if names
    }


def start(client: Client, new: dict[str, Any], joined: Joined, pictures: Pictures) -> JobOut:
    """Upload the pictures and the pairs, and start. What the server finds wrong is told by item, not by line."""
    with err.status("Uploading ..."):
        pictures.upload(client.put_image)
        try:
            return launch(client, new, [orjson.dumps(pair) for pair in joined.pairs])
        except ProblemError as error:
            raise named(refusal(error.document), joined) from None


def named(error: TraceJudgeError, joined: Joined) -> TraceJudgeError:
    """The same error with the item and models of a pair where it says a line."""
    return type(error)(error.detail, tuple(_named(problem, joined) for problem in error.problems), error.problem_count)


def publish(client: Client, job: JobOut, directory: Path, joined: Joined, *, as_json: bool) -> None:
    """Save the report files and show what they say."""
    files = results.save(client, job.id, directory)
    report = orjson.loads(files["json"].read_bytes())
    if as_json:
        paths = {name: str(file) for name, file in files.items()}
        print_json({"id": job.id, "status": job.status, "files": paths, "joined": told(joined), "report": report})
        return
    results.show(report)
    results.show_files(files)


def register(commands: typer.Typer) -> None:
    """Add the command to a command line."""
    commands.command(
        epilog="Example:  tracejudge compare base.jsonl tuned.jsonl --judge-url http://gpu:8000/v1 --judge-model judge"
    )(compare)


def _without_partner(joined: Joined) -> dict[str, list[str]]:
    items = [f"{item} (no trace of {', '.join(models)})" for item, models in joined.partial.items()]
    return {"items in only some files": items, "samples without a partner": list(joined.unmatched)}


def _named(problem: Problem, joined: Joined) -> Problem:
    if problem.line is None or problem.line > len(joined.pairs):
        return problem
    pair = joined.pairs[problem.line - 1]
    side = {"a": pair["a"]["model"], "b": pair["b"]["model"]}.get(problem.field.partition(".")[0], "")
    return Problem(problem.reason, ", ".join(filter(None, (f"item {pair['item']['id']}", side, problem.field))))
