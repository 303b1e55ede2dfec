"""`judges`: add, list, test and resume the judges of a project."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.job_options import Endpoint, judge_of
from app.cli.terminal import out, print_json, print_table, say
from app.wire.judges import JudgeOut

FAILED = 1
judges = typer.Typer(no_args_is_help=True, help="Add, list, test and resume judges.")

JudgeName = Annotated[str, typer.Argument(metavar="NAME", help="The judge's name.")]


@judges.command(
    epilog="Example:  tracejudge judges add qwen-72b --url http://gpu-1:8000/v1 --model Qwen2.5-VL-72B-Instruct"
)
def add(
    name: JudgeName,
    *,
    url: Annotated[str, typer.Option(help="Base URL, ending before /chat/completions.")],
    model: Annotated[str, typer.Option(help="The model the endpoint serves.")],
    method: options.Method = "json",
    key_env: options.KeyEnv = None,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Read the endpoint's key from standard input.")
    ] = False,
    no_images: options.NoImages = False,
    max_in_flight: options.MaxInFlight = 64,
    timeout: options.Timeout = 120.0,
    temperature: options.Temperature = None,
    as_json: options.Json = False,
) -> None:
    """Store a judge under a name. Its key is kept encrypted and never shown."""
    if key_env and key_stdin:
        raise typer.BadParameter("give either --key-env or --key-stdin, not both")
    endpoint = Endpoint(url, model, key_env, method, no_images, max_in_flight, timeout, temperature)
    judge = judge_of(name, endpoint, api_key=sys.stdin.readline().strip() if key_stdin else None)
    with connected() as client:
        added = client.add_judge(judge)
    if as_json:
        print_json(added.model_dump(mode="json"))
    else:
        say(f"Added. Try it with\n  tracejudge judges test {added.name}")


@judges.command("list", epilog="Example:  tracejudge judges list")
def list_(as_json: options.Json = False) -> None:
    """List the judges and whether they may be called."""
    with connected() as client:
        found = client.judges()
    if as_json:
        print_json([judge.model_dump(mode="json") for judge in found])
    else:
        rows = [row_of(judge) for judge in found]
        print_table(("Name", "Status", "Model", "Method", "Images", "Key", "URL"), rows, names=7)


@judges.command("test", epilog="Example:  tracejudge judges test qwen-72b")
def try_out(name: JudgeName, as_json: options.Json = False) -> None:
    """Ask an endpoint what it can do: reachable, model, JSON schema, log-probabilities, images really seen."""
    with connected() as client:
        found = client.test_judge(name)
    if as_json:
        print_json(found)
    else:
        print_table(("What", "Found"), [(key.replace("_", " "), said(value)) for key, value in found.items()], names=2)
    if not found.get("reachable"):
        raise typer.Exit(FAILED)


@judges.command(epilog="Example:  tracejudge judges resume qwen-72b")
def resume(name: JudgeName, as_json: options.Json = False) -> None:
    """Let a paused judge be called again, once whatever paused it is mended."""
    with connected() as client:
        judge = client.resume_judge(name)
    if as_json:
        print_json(judge.model_dump(mode="json"))
    else:
        say(f"{judge.name} is {judge.status}; a small call decides, and its jobs go on.", to=out)


def row_of(judge: JudgeOut) -> tuple[str, ...]:
    """A judge in a table."""
    status = f"{judge.status}: {judge.status_reason}" if judge.status_reason else judge.status.value
    images = "sent" if judge.sees_images else "not sent"
    return (judge.name, status, judge.served_model, judge.method, images, judge.api_key or "none", " ".join(judge.urls))


def said(value: Any) -> str:
    """A finding in words."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.0f}" if isinstance(value, float) else str(value)


def register(commands: typer.Typer) -> None:
    """Add the group to a command line."""
    commands.add_typer(judges, name="judges")
