"""Options that several commands share, under one name and with one explanation."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, get_args

import typer

MethodName = Literal["json", "logprobs"]
PolicyName = Literal["half", "drop", "average", "debias", "debias_soft", "single"]
FormatName = Literal["json", "csv", "md", "html", "tex", "parquet", "svg", "png"]
FORMATS: tuple[str, ...] = get_args(FormatName)
BINARY = ("parquet", "png")
LARGEST_SEED = 2**63 - 1

DEFAULT_RUBRIC = "reasoning-trace"


def share_within(low: float, high: float) -> Callable[[str], float]:
    """Reads a percentage or a fraction between two bounds, neither of them included: what the server takes."""

    def share(text: str) -> float:
        digits = text.strip()
        try:
            value = float(digits.removesuffix("%")) / (100 if digits.endswith("%") else 1)
        except ValueError:
            raise typer.BadParameter("a percentage or a fraction is needed, such as 5% or 0.05") from None
        if not low < value < high:
            raise typer.BadParameter(f"must be above {low:.0%} and below {high:.0%}")
        return value

    return share


def listed(texts: Sequence[str] | None) -> list[str] | None:
    """The names of an option that holds several, separated by commas, and may be repeated. Double quotes hold a
    comma together: '"a, b",c' are two. None when nothing is named.
    """
    try:
        rows = list(csv.reader(texts or (), strict=True, skipinitialspace=True))
    except csv.Error:
        raise typer.BadParameter(f"{', '.join(texts or ())} has an open quote or text beside one") from None
    return [name.strip() for row in rows for name in row if name.strip()] or None


Level = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE", parser=share_within(0.5, 1), help="Confidence level of the intervals, e.g. 95% or 0.95."
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        parser=share_within(0, 0.5),
        help="Test equivalence within this distance of 1/2, e.g. 5% or 0.05.",
    ),
]
Drawn = Annotated[int | None, typer.Option(min=0, max=LARGEST_SEED, help="For what is drawn.")]

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
