"""What jobs must have in common to be pooled, and in which of it they differ."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from app.domain.errors import Conflict, Invalid, Problem
from app.reports.reading import policy_of, saw_images
from app.reports.sheet import JudgeFacts, Sheet

Array = npt.NDArray[Any]
SUBSET_OF = "random subset of "
DIGITS = 12  # of a hash, enough for people to tell two apart


@dataclass(frozen=True, slots=True)
class Entrant:
    """A job or import with what its pairs are elsewhere, too; lists over the pairs of `sheet`.

    `item`, `pair`: digests of the item, and of the item with both traces; None where that is not known, which equals
    nothing. `cluster`: its name, None for a cluster of its own. `templates`: axis -> hash of how its judges are asked.
    """

    id: str
    name: str
    sheet: Sheet
    item: Sequence[bytes | None]
    pair: Sequence[bytes | None]
    cluster: Sequence[str | None]
    templates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which jobs differ: `values` says which of them (by place) have what."""

    what: str
    values: Mapping[str, tuple[int, ...]]


def labels(entrants: Sequence[Entrant]) -> list[str]:
    """Names of the jobs; those of the same name with their ids."""
    names = [entrant.name for entrant in entrants]
    return [
        entrant.name if names.count(entrant.name) == 1 else f"{entrant.name} ({entrant.id[:8]})" for entrant in entrants
    ]


def common_axis(entrants: Sequence[Entrant], names: Sequence[str], axis: str | None) -> str:
    """The axis to pool on: `axis`, or the primary one of all jobs. Raises Invalid where a job has not that axis, and
    Conflict where the primary ones differ.
    """
    if axis is None:
        primary = Difference("axis", _by_value([entrant.sheet.primary_axis for entrant in entrants]))
        if len(primary.values) > 1:
            told = Problem(_told(primary, names) + "; name one axis", "axis")
            raise Conflict("the jobs have different primary axes", (told,))
        return next(iter(primary.values))
    lacking = [name for entrant, name in zip(entrants, names, strict=True) if axis not in entrant.sheet.axes]
    if lacking:
        known = [one for one in entrants[0].sheet.axes if all(one in entrant.sheet.axes for entrant in entrants)]
        there = f"; there is {', '.join(known)} in all of them" if known else ""
        raise Invalid("not every job has this axis", (Problem(f"not judged in {', '.join(lacking)}{there}", "axis"),))
    return axis


def facts_of(
    entrants: Sequence[Entrant], rows: Sequence[Array], axis: str, names: Sequence[str]
) -> list[dict[str, str]]:
    """What must be equal in jobs that are pooled, in words: equal words, equal facts."""
    items = _item_sets(entrants, rows, names)
    return [
        {
            "rubric": _rubric(entrant.sheet),
            "prompt": _prompt(entrant, axis),
            "judges": "; ".join(sorted(_judge(judge) for judge in entrant.sheet.judges)),
            "images": _sight(entrant.sheet),
            "policy": _policy(entrant.sheet),
            "items": of,
        }
        for entrant, of in zip(entrants, items, strict=True)
    ]


def _rubric(sheet: Sheet) -> str:
    told = f"{sheet.rubric['name']} {sheet.rubric['version']}".strip()
    return f"{told} ({sheet.rubric['hash'][:DIGITS]})" if sheet.rubric["hash"] else told


def _prompt(entrant: Entrant, axis: str) -> str:
    sheet = entrant.sheet
    shown = ["final answers"] * sheet.judges_saw_answers + ["the reference answer"] * sheet.judges_saw_reference
    return f"{entrant.templates.get(axis, 'unknown')[:DIGITS]}, showing {' and '.join(shown) or 'no answers'}"


def _judge(judge: JudgeFacts) -> str:
    """What a judge is, whatever its name."""
    sampling = [f"{name} {value}" for name, value in sorted(judge.sampling.items())]
    served = [f"answering as {', '.join(judge.served_as)}"] * (
        tuple(judge.served_as) not in ((), (judge.served_model,))
    )
    return f"{judge.served_model} ({', '.join([judge.method, *sampling, *served])})"


def _sight(sheet: Sheet) -> str:
    return f"{sum(map(saw_images, sheet.judges))} of {len(sheet.judges)} judges saw images"


def _policy(sheet: Sheet) -> str:
    policy = policy_of(sheet, None)
    epsilon = f", epsilon {policy.epsilon:g}" * policy.name.needs_log_odds
    quorum = f", quorum {policy.quorum}" * (len(sheet.judges) > 1)
    orders = " and ".join(order.name for order in sheet.orders)
    return f"{policy.name}{epsilon}{quorum}, orders {orders}, repeats {sheet.repeats}"


def _item_sets(entrants: Sequence[Entrant], rows: Sequence[Array], names: Sequence[str]) -> list[str]:
    """Equal words for equal sets of items, and for random subsets of one set, which the jobs' metadata say they are."""
    sets = [_item_set(entrant, of, name) for entrant, of, name in zip(entrants, rows, names, strict=True)]
    claims = [str(entrant.sheet.metadata.get("items", "")) for entrant in entrants]
    for origin in {claim.removeprefix(SUBSET_OF) for claim in claims if claim.startswith(SUBSET_OF)}:
        whole = {of for of, claim in zip(sets, claims, strict=True) if claim == origin}
        if len(whole) <= 1:
            same = (origin, SUBSET_OF + origin)
            sets = [origin if claim in same else of for of, claim in zip(sets, claims, strict=True)]
    return sets


def _item_set(entrant: Entrant, rows: Array, name: str) -> str:
    items = {entrant.item[row] for row in rows.tolist()}
    known = sorted(item for item in items if item is not None)
    if len(known) < len(items):
        return f"items without ids in {name}"
    digest = hashlib.sha256(b"\n".join(known)).hexdigest()
    return f"{len(known):,} items ({digest[:DIGITS]})"


def differences(facts: Sequence[Mapping[str, str]]) -> list[Difference]:
    """What is not equal in all of the jobs."""
    found = [Difference(what, _by_value([fact[what] for fact in facts])) for what in facts[0]]
    apart = [one for one in found if len(one.values) > 1]
    by_rubric = any(one.what == "rubric" for one in apart)  # the prompt then differs for that alone
    return [one for one in apart if not (by_rubric and one.what == "prompt")]


def _by_value(values: Sequence[str]) -> dict[str, tuple[int, ...]]:
    return {value: tuple(i for i, one in enumerate(values) if one == value) for value in dict.fromkeys(values)}


def conflict(found: Sequence[Difference], names: Sequence[str]) -> Conflict:
    """The refusal to pool, which names every difference and the jobs."""
    what = ", ".join(one.what for one in found)
    return Conflict(
        f"the jobs differ in {what}, so they do not measure the same; allow_mixed fits them as strata",
        tuple(Problem(_told(one, names), one.what) for one in found),
    )


def _told(difference: Difference, names: Sequence[str]) -> str:
    return "; ".join(f"{value}: {', '.join(names[i] for i in of)}" for value, of in difference.values.items())
