"""`plan`: how many pairs a job needs, and what judging them takes; without a pilot it needs no server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from app.cli import options
from app.cli.connection import connected
from app.cli.terminal import out, print_json, print_table, say
from app.domain.errors import Invalid, Problem
from app.reports import numbers
from app.reports.planned import planned
from app.wire.plan import PlannedOut, PlanOut, PlanQuery
from app.wire.problems import problems_of

SHARE = "2%"
MINUTES, HOURS = 120, 7_200  # seconds from which on a larger unit reads better


def plan(
    *,
    half_width: Annotated[str | None, typer.Option(metavar=SHARE, help="Of the win rate's interval.")] = None,
    effect: Annotated[str | None, typer.Option(metavar=SHARE, help="Distance from 1/2 that is to be found.")] = None,
    margin: Annotated[str | None, typer.Option(metavar=SHARE, help="Show equivalence within this of 1/2.")] = None,
    power: Annotated[str | None, typer.Option(metavar="80%", help="For an effect or a margin; 80% else.")] = None,
    level: Annotated[str | None, typer.Option(metavar="95%", help="Of the interval; 95% else.")] = None,
    rate: Annotated[str | None, typer.Option(metavar="60%", help="The true win rate assumed; 1/2 else.")] = None,
    ties: Annotated[
        str | None, typer.Option(metavar="10%", help="Ties and inconsistent pairs, of the decided.")
    ] = None,
    cluster_size: Annotated[float | None, typer.Option(help="Pairs of a cluster, on average; 1 else.")] = None,
    largest_cluster: Annotated[int | None, typer.Option(help="Where clusters differ in size: the largest.")] = None,
    icc: Annotated[str | None, typer.Option(metavar="0.2", help="Correlation of scores of one cluster.")] = None,
    lost: Annotated[str | None, typer.Option(metavar="1%", help="Pairs that will have no verdict.")] = None,
    judges: Annotated[int | None, typer.Option(help="Judges of the panel; 1 else.")] = None,
    orders: Annotated[int | None, typer.Option(help="2: each pair in both orders (the default).")] = None,
    repeats: Annotated[int | None, typer.Option(help="How often each order is asked; 1 else.")] = None,
    axes: Annotated[int | None, typer.Option(help="Axes judged; 1 else.")] = None,
    axes_per_call: Annotated[int | None, typer.Option(help="Axes asked in one call; all else.")] = None,
    tokens_per_call: Annotated[str | None, typer.Option(metavar="3500/300", help="Prompt and reply tokens.")] = None,
    tokens_per_second: Annotated[float | None, typer.Option(help="Of one GPU, prompt and reply together.")] = None,
    gpus: Annotated[int | None, typer.Option(help="GPUs that work beside each other; 1 else.")] = None,
    pilot: Annotated[
        str | None,
        typer.Option(metavar="JOB", help="A job that says what is not given: ties, clusters, losses, tokens."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Plan a job: pairs, clusters, judge calls, tokens and GPU time for a half-width, an effect or a margin.

    Several goals may be asked for at once. Shares are percentages (2%) or fractions (0.02).
    """
    asked = {
        "half_width": half_width, "effect": effect, "margin": margin, "power": power, "level": level, "rate": rate,
        "ties": ties, "cluster_size": cluster_size, "largest_cluster": largest_cluster, "icc": icc, "lost": lost,
        "judges": judges, "orders": orders, "repeats": repeats, "axes": axes, "axes_per_call": axes_per_call,
        "tokens_per_call": tokens_per_call, "tokens_per_second": tokens_per_second, "gpus": gpus, "pilot": pilot,
    }  # fmt: skip
    try:
        found = _answer({name: value for name, value in asked.items() if value is not None})
    except Invalid as error:
        raise typer.BadParameter(_listed(error.problems) or error.detail) from None
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show(found)


def show(found: PlanOut) -> None:
    """A column for each goal, then what all of them assume."""
    for number, one in enumerate(found.plans, start=1):
        say(f"({number}) {one.goal}", style="bold", to=out)
    say(to=out)
    columns = ("", *(f"({number})" for number in range(1, len(found.plans) + 1)))
    rows = [(name, *cells) for name, *cells in zip(_NAMES, *map(_cells, found.plans), strict=True)]
    print_table(columns, [row for row in rows if any(cell != numbers.NOTHING for cell in row[1:])])
    say(to=out)
    assumed = [(one.name, one.value, one.source) for one in found.assumptions]
    print_table(("Assumed", "", "From"), assumed, names=3)
    warnings = dict.fromkeys([*found.warnings, *(text for one in found.plans for text in one.warnings)])
    for text in warnings:
        say(f"Warning: {text}", style="yellow", to=out)


_NAMES = (
    "Pairs", "Clusters", "Effective clusters", "Design effect", "Expected half-width", "Power", "Judge calls",
    "Prompt tokens", "Reply tokens", "GPU time", "By the clock",
)  # fmt: skip


def _cells(one: PlannedOut) -> tuple[str, ...]:
    return (
        f"{one.pairs:,}",
        f"{one.clusters:,}",
        f"{one.effective_clusters:,.1f}",
        f"{one.design_effect:.2f}",
        f"± {numbers.percent(one.half_width)}",
        numbers.percent(one.power),
        f"{one.units:,}",
        *(numbers.NOTHING if value is None else f"{value:,.0f}" for value in (one.tokens_in, one.tokens_out)),
        _time(one.gpu_seconds),
        _time(None if one.hours is None else 3_600 * one.hours),
    )


def _time(seconds: float | None) -> str:
    if seconds is None:
        return numbers.NOTHING
    if seconds < MINUTES:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < HOURS else f"{seconds / 3_600:,.1f} h"


def _answer(given: dict[str, Any]) -> PlanOut:
    """From the server where there is a pilot to look at, else worked out here. Raises Invalid."""
    try:
        asked = PlanQuery.model_validate(given)
    except ValidationError as error:
        found = problems_of(error.errors(include_url=False, include_input=False))
        raise Invalid("see problems", found) from None
    if asked.pilot is None:
        return PlanOut.model_validate(planned(asked.to_domain()))
    with connected() as client:
        return client.plan(**given)


def _listed(problems: Sequence[Problem]) -> str:
    return "; ".join(f"--{problem.field.replace('_', '-')}: {problem.reason}" for problem in problems)


def register(commands: typer.Typer) -> None:
    """Add the command to a command line."""
    commands.command(
        epilog="Example:  tracejudge plan --half-width 2% --effect 5% --ties 10% --cluster-size 3 --icc 0.2 "
        "--tokens-per-call 3500/300 --tokens-per-second 8000"
    )(plan)
