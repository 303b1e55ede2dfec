"""`reviews`: draw pairs of a job for people to label blind, see how far they are, close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from app.cli import options
from app.cli.connection import connected
from app.cli.terminal import out, print_json, print_table, say
from app.reports import numbers
from app.wire.reviews import ReviewFiltersIn, ReviewOut

reviews = typer.Typer(no_args_is_help=True, help="Draw pairs for people to label blind, and see how far they are.")

EXAMPLE_ID = "0198c0de-7a11-7000-8000-00000000c0de"
FILTERS = tuple(ReviewFiltersIn.model_fields)

ReviewId = Annotated[str, typer.Argument(metavar="REVIEW", help="The review's id.")]


@reviews.command(
    epilog=f"Example:  tracejudge reviews create {EXAMPLE_ID} --pairs 200 --per-pair 2 --seed 7\n\n"
    f"Example:  tracejudge reviews create {EXAMPLE_ID} --pairs 50 --where stance:INCONSISTENT"
)
def create(
    job: options.JobId,
    *,
    pairs: Annotated[int, typer.Option(min=1, help="How many pairs to draw.")],
    per_pair: Annotated[int, typer.Option(min=1, max=2, help="Labellers for every pair.")] = 1,
    axis: Annotated[
        list[str] | None, typer.Option(help="An axis to label; repeat it. All axes of the job when not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes which pairs are drawn.")] = 0,
    title: Annotated[str, typer.Option(help="What labellers see; do not name the models in it.")] = "Review",
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:VALUE",
            help="Draw only from these pairs, e.g. stance:INCONSISTENT, verdict:TIE, tag:modality:CT; repeat it. Such "
            "labels say nothing about the other pairs and stay out of the calibrated rate.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Draw pairs of a started job at random for people to label blind."""
    asked: dict[str, Any] = {"title": title, "pairs": pairs, "per_pair": per_pair, "seed": seed}
    asked |= {"axes": axis} if axis else {}
    asked["filters"] = _filters(where or ())
    with connected() as client:
        made = client.create_review(job, asked)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    say(f"{made.id}", to=out)
    say(_drawn(made))
    say("Invite a labeller:  tracejudge keys create ann --role labeller")


@reviews.command("list", epilog=f"Example:  tracejudge reviews list {EXAMPLE_ID}")
def list_(job: options.JobId, as_json: options.Json = False) -> None:
    """List a job's reviews, the newest first."""
    with connected() as client:
        found = client.reviews(job)
    if as_json:
        print_json([review.model_dump(mode="json") for review in found])
        return
    rows = [(one.id, one.title, one.design, _state(one), f"{one.done:,} / {one.pairs:,}") for one in found]
    print_table(("Review", "Title", "Drawn", "State", "Pairs done"), rows, names=4)


@reviews.command(epilog=f"Example:  tracejudge reviews show {EXAMPLE_ID}")
def show(review: ReviewId, as_json: options.Json = False) -> None:
    """Show how a review was drawn, how far it is, and who labels."""
    with connected() as client:
        found = client.get_review(review)
    _show(found, as_json=as_json)


@reviews.command(epilog=f"Example:  tracejudge reviews close {EXAMPLE_ID}")
def close(review: ReviewId, as_json: options.Json = False) -> None:
    """End a review: nobody labels in it any more, what was labelled stays."""
    with connected() as client:
        found = client.close_review(review)
    _show(found, as_json=as_json)


def register(commands: typer.Typer) -> None:
    """Add the group to a command line."""
    commands.add_typer(reviews, name="reviews")


def _filters(where: Sequence[str]) -> dict[str, str]:
    """`stance:INCONSISTENT` as a filter; the first colon divides, for a tag holds one itself."""
    found: dict[str, str] = {}
    for word in where:
        name, colon, value = word.partition(":")
        if name not in FILTERS or not colon or not value:
            raise typer.BadParameter(f"NAME:VALUE, NAME one of {', '.join(FILTERS)}", param_hint="--where")
        if name in found:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--where")
        found[name] = value
    return found


def _show(review: ReviewOut, *, as_json: bool) -> None:
    if as_json:
        print_json(review.model_dump(mode="json"))
        return
    say(f"{review.title}: {_state(review)}, {review.done:,} of {review.pairs:,} pairs done", to=out)
    say(f"{_drawn(review)} Axes: {', '.join(review.axes)}.", to=out)
    rows = [
        (one.labeller, f"{one.done:,}", numbers.NOTHING if one.seconds is None else f"{one.seconds:.0f} s")
        for one in review.labellers
    ]
    print_table(("Labeller", "Pairs done", "Median time"), rows)


def _drawn(review: ReviewOut) -> str:
    people = "one labeller" if review.per_pair == 1 else "two labellers"
    source = " ".join(f"{name}:{value}" for name, value in review.filters.items())
    outside = ", and do not count for the calibrated rate" if source else ""
    among = f"the {review.population:,} with {source}" if source else f"{review.population:,}"
    return f"{review.pairs:,} pairs were drawn at random (seed {review.seed}) from {among}{outside}; {people} each."


def _state(review: ReviewOut) -> str:
    if review.closed_at is not None:
        return f"closed {review.closed_at:%Y-%m-%d}"
    return "complete" if review.done >= review.pairs else "open"
