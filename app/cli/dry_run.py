"""`submit --dry-run`: the first prompt as a judge would read it, and how many calls the job will take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app import rubrics
from app.cli.connection import connected
from app.cli.terminal import counted, out, print_json, say
from app.domain.errors import Invalid, NotFound
from app.domain.judge import Judge
from app.domain.order import Order, Presentation
from app.domain.plan import Spec, plan_of
from app.domain.prompt import Prompt, render
from app.domain.rubric import Axis, Rubric
from app.domain.trace import Pair
from app.wire.jobs import NewJobIn
from app.wire.pairs import read_pair

# Stands where a judge reads a code word that only the server knows.
FENCE = "CODE-WORD"
LONGEST = 400_000


def preview(new: dict[str, Any], lines: Iterable[bytes], *, as_json: bool) -> None:
    """Print both orders of the first pair's first call, and the number of units."""
    job = NewJobIn.model_validate(new).to_domain()
    rubric = rubric_named(job.rubric)
    axes = job.axes or rubric.axis_names
    unknown = [axis for axis in axes if axis not in rubric.axis_names]
    if unknown:
        raise Invalid(f"rubric {rubric.name} has no axis {', '.join(unknown)}; it has {', '.join(rubric.axis_names)}")
    first, pairs = first_and_count(lines)
    judges = [judge_of(choice) for choice in job.judges]
    spec = Spec(job.primary_axis, tuple(axes), job.policy, job.orders, job.repeats)
    units = pairs * sum(plan_of(spec, judge).size for judge in judges)
    prompts = {order.name: prompt_of(first, order, rubric, spec, judges[0]) for order in job.orders}
    if as_json:
        shown = {name: {"system": each.system, "user": [each.before, each.after]} for name, each in prompts.items()}
        print_json({"pairs": pairs, "units": units, "judges": [judge.name for judge in judges], "prompts": shown})
        return
    for name, prompt in prompts.items():
        show(name, prompt)
    asked = f"{counted(pairs, 'pair')}, {counted(units, 'unit')}: about {counted(units, 'call')}"
    say(f"\n{asked} to {', '.join(judge.name for judge in judges)}.", to=out)


def first_and_count(lines: Iterable[bytes]) -> tuple[Pair, int]:
    """The first pair and how many there are. Raises Invalid when it is not valid, or there is none."""
    filled = (line for line in lines if line.strip())
    line = next(filled, None)
    if line is None:
        raise Invalid("there are no pairs")
    return read_pair(line, 1, LONGEST).to_domain(), 1 + sum(1 for _ in filled)


def rubric_named(name: str) -> Rubric:
    """A built-in rubric, else one of the project."""
    try:
        return rubrics.load(name)
    except NotFound:
        with connected() as client:
            found = client.get_rubric(name)
        axes = tuple(Axis(**axis.model_dump()) for axis in found.axes)
        return Rubric(found.name, found.version, found.title, found.guidance, axes)


def judge_of(choice: str | tuple[Judge, str | None]) -> Judge:
    """The judge of a job; a stored one is asked for."""
    if not isinstance(choice, str):
        return choice[0]
    with connected() as client:
        found = client.get_judge(choice)
    return Judge(found.name, tuple(found.urls), found.served_model, found.method)


def prompt_of(pair: Pair, order: Order, rubric: Rubric, spec: Spec, judge: Judge) -> Prompt:
    """The prompt of the first unit in that order."""
    axes = [rubric.axis(name) for name in plan_of(spec, judge).groups[0]]
    return render(rubric, axes, Presentation(pair, order), FENCE, judge.method)


def show(order: str, prompt: Prompt) -> None:
    """A prompt as it is read from top to bottom."""
    say(f"\n=== Order {order}; {FENCE} stands for a code word made by the server ===", style="bold", to=out)
    images = f"[{len(prompt.images)} image(s)]" if prompt.images else ""
    for part in (prompt.system, prompt.before, images, prompt.after):
        if part:
            say(f"\n{part}", to=out)
