"""`submit`: pairs from a file or standard input become a job; a dry run shows what a judge would be asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.dry_run import preview
from app.cli.job_options import Endpoint, axes_of, judges_of, metadata_of, new_job
from app.cli.jobs import line_of
from app.cli.launch import launch
from app.cli.pictures import Pictures
from app.cli.progress import conclude, follow
from app.cli.rows import with_whole_paths
from app.cli.terminal import err, print_json, say
from app.client import Client
from app.domain.errors import Invalid
from app.wire.strict import parse

STANDARD_INPUT = Path("-")
# Lines with neither go to the server untouched.
PICTURE_MARKS = (b'"path"', b'"data"')


def readable(pairs: Path) -> Path:
    """Complain about a file that is not there."""
    if pairs != STANDARD_INPUT and not pairs.is_file():
        raise typer.BadParameter(f"there is no file {pairs}")
    return pairs


Pairs = Annotated[Path, typer.Argument(metavar="PAIRS", callback=readable, help="NDJSON file; - is standard input.")]


def submit(
    pairs: Pairs,
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
    draft: Annotated[bool, typer.Option("--draft", help="Upload, but do not start yet.")] = False,
    wait: Annotated[bool, typer.Option("--watch", help="Watch until it ends.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the first prompt and count the calls.")] = False,
    as_json: options.Json = False,
) -> None:
    """Submit pairs, one JSON object a line: {"item": {...}, "a": {...}, "b": {...}}.

    An image may be {"path": ...}, beside the file; it is uploaded once.
    """
    endpoint = Endpoint(judge_url, judge_model, judge_key_env, method, no_images, max_in_flight, timeout, temperature)
    new = new_job(
        name=name or (pairs.stem if pairs != STANDARD_INPUT else None),
        judges=judges_of(judge, endpoint),
        rubric=rubric,
        axes=axes_of(axes),
        policy=policy,
        repeats=repeats,
        seed=seed,
        metadata=metadata_of(metadata) or None,
    )
    if dry_run:
        preview(new, lines_of(pairs), as_json=as_json)
        return
    with connected() as client:
        with err.status("Uploading ..."):
            job = launch(client, new, settled_lines(pairs, client), start=not draft)
        if wait and not draft:
            job = follow(client, job.id)
    if as_json:
        print_json(job.model_dump(mode="json"))
    else:
        say(line_of(job))
        say(f"Start it with\n  tracejudge start {job.id}" if draft else f"Watch it with\n  tracejudge watch {job.id}")
    if wait and not draft:
        conclude(job)


def lines_of(pairs: Path) -> Iterator[bytes]:
    """The lines of the file or of standard input."""
    if pairs == STANDARD_INPUT:
        yield from sys.stdin.buffer
        return
    with pairs.open("rb") as file:
        yield from file


def settled_lines(pairs: Path, client: Client) -> Iterator[bytes]:
    """The lines as they are sent: each picture is uploaded before the first line that shows it."""
    pictures = Pictures()
    for number, line in enumerate(lines_of(pairs), start=1):
        if any(mark in line for mark in PICTURE_MARKS):
            ready = _settled(line, f"line {number:,}", pairs.parent, pictures)
            pictures.upload(client.put_image)
            yield ready
        else:
            yield line


def register(commands: typer.Typer) -> None:
    """Add the command to a command line."""
    commands.command(
        epilog="Example:  tracejudge submit pairs.jsonl --judge-url http://gpu-1:8000/v1 --judge-model judge-72b"
    )(submit)


def _settled(line: bytes, where: str, folder: Path, pictures: Pictures) -> bytes:
    """The line with its pictures as SHA-256s. A line that is no pair stays: the server says what is wrong with it."""
    try:
        pair = parse(line)
    except Invalid:
        return line
    if not isinstance(pair, dict) or not isinstance(pair.get("item"), dict):
        return line
    return orjson.dumps(pair | {"item": pictures.settled(with_whole_paths(pair["item"], folder), where)})
