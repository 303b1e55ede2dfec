"""Options that several commands share, under one name and with one explanation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

MethodName = Literal["json", "logprobs"]
PolicyName = Literal["half", "drop", "average", "debias", "debias_soft", "single"]
FormatName = Literal["json", "csv", "md", "html", "tex", "parquet", "svg", "png"]
BINARY = ("parquet", "png")

DEFAULT_RUBRIC = "reasoning-trace"

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]

Judges = Annotated[list[str] | None, typer.Option("--judge", help="A stored judge by name; repeat it for a panel.")]
JudgeUrl = Annotated[
    str | None, typer.Option(help="Base URL of an OpenAI-compatible endpoint, ending before /chat/completions.")
]
JudgeModel = Annotated[str | None, typer.Option(help="The model that endpoint serves.")]
KeyEnv = Annotated[str | None, typer.Option(metavar="VAR", help="Environment variable that holds the endpoint's key.")]
Method = Annotated[
    MethodName, typer.Option(help="How a verdict is taken: from JSON, or from the log-probabilities of one token.")
]
NoImages = Annotated[bool, typer.Option("--no-images", help="The judge cannot see images: send it none.")]
MaxInFlight = Annotated[int, typer.Option(min=1, max=4_096, help="Most calls at once.")]
Timeout = Annotated[float, typer.Option(min=1, max=3_600, help="Seconds for a whole call.")]
Temperature = Annotated[float | None, typer.Option(min=0, help="Sampling temperature; 0 when not given.")]

Name = Annotated[str | None, typer.Option(help="What the job is called.")]
Rubric = Annotated[str, typer.Option(help="The rubric, e.g. reasoning-trace (medical) or reasoning-trace-general.")]
Axes = Annotated[str | None, typer.Option(help="Axes to judge, comma separated; all of the rubric when not given.")]
Policy = Annotated[PolicyName, typer.Option(help="How pairs count whose two orders disagree; fixed at submit.")]
Seed = Annotated[int, typer.Option(min=0, help="Fixes everything that is drawn.")]
Repeats = Annotated[int, typer.Option(min=1, max=100, help="How often each order is asked.")]

Metadata = Annotated[
    str | None,
    typer.Option(
        metavar="JSON",
        help='What is told of the job, or @FILE: {"slice_by": "site", "model_families": {"tuned-7b": "qwen"}, '
        '"trained_on_outputs_of": {...}, "item_source_models": [...], "items": "random subset of NAME"}.',
    ),
]

Out = Annotated[Path | None, typer.Option(file_okay=False, help="Directory for the report files.")]
